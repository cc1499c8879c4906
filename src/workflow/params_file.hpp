// `--params-file FILE`: a map of values for the params of a workflow, in YAML or JSON. They stand in the place of the
// defaults; what the command line says stands above them.
#pragma once

#include <string>
#include <string_view>

#include "workflow/fields.hpp"
#include "workflow/workflow.hpp"

namespace fugle::workflow {

/// The root of the file, or nullptr when it is no map. E103 at its place for a name that is no param, E110 for a value
/// that it does not take.
const YamlNode* take_params_file(std::string_view bytes, const std::string& name, Document& document,
                                 Workflow& workflow, Diagnostics& diagnostics);

/// E103 for a name that is no param of the workflow; nullptr then.
[[nodiscard]] Param* find_param(Workflow& workflow, std::string_view name, Position at, Diagnostics& diagnostics);

/// Puts a value as a file has it, without markers, in the place of the default. E110 for what it does not take.
void take_param(const Reading& reading, const Entry& entry, Param& param);

}  // namespace fugle::workflow
