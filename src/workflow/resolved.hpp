// `validate --print-resolved`: a workflow file as it is in effect, with where each value comes from. What is printed is
// a workflow file again, and means the same.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "workflow/reader.hpp"

namespace fugle::workflow {

/// Values of params in the place of their defaults: those of a params file, then those of the command line.
void put_params(Resolved& resolved, const Workflow& workflow, const YamlNode* params_file,
                const std::vector<std::pair<std::string, std::string>>& command_line);

/// The origin of a value is a comment behind it: "# wrf.yaml:12".
[[nodiscard]] std::string resolved_yaml(const Resolved& resolved, const Diagnostics& diagnostics);
/// `{workflow, origins, diagnostics}`: origins by JSON pointer, "/tasks/wrf/timeout": "wrf.yaml:12".
[[nodiscard]] std::string resolved_json(const Resolved& resolved, const Diagnostics& diagnostics);

}  // namespace fugle::workflow
