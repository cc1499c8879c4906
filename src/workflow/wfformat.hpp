// WfCommons traces as plain data: one shape for schemaVersion 1.0 to 1.6, whatever the version calls its fields.
//
//   1.0        workflow.jobs[], edges by name, arguments beside the name, sizes and memory in KB
//   1.2        adds id, category, command
//   1.3        workflow.tasks[]
//   1.4        runtimeInSeconds, sizeInBytes, memoryInBytes; edges by id or, in practice, still by name
//   1.5, 1.6   workflow.specification (graph and files) and workflow.execution (what was measured), joined by id
//
// The schema leaves much optional, and traces leave out more: what is absent is unknown, not an error. Knows nothing
// of workflows of ours.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "workflow/diagnostic.hpp"

namespace fugle::workflow {

struct WfFile {
  std::string id;
  double bytes = 0;
};

struct WfTask {
  std::string id;    ///< its name where it has none
  std::string name;  ///< its id where it has none
  bool has_parents = false;
  bool has_children = false;
  std::vector<std::string> parents;  ///< ids or names
  std::vector<std::string> children;
  std::vector<std::uint32_t> inputs;  ///< numbers in WfTrace::files
  std::vector<std::uint32_t> outputs;
  std::string program;         ///< empty: none
  bool is_shell_text = false;  ///< program is a line or a script for a shell
  std::vector<std::string> arguments;
  std::optional<double> runtime_s;
  double cores = 1;
  double memory_bytes = 0;  ///< 0: unknown
  std::optional<double> priority;
};

struct WfTrace {
  std::string name;
  std::vector<WfTask> tasks;
  std::vector<WfFile> files;
  std::vector<std::string> ignored;  ///< fields that were there and mean nothing here
};

/// E502 and nullopt for what is not such a file.
[[nodiscard]] std::optional<WfTrace> read_wfformat(std::string_view json, Diagnostics& diagnostics);

/// Line and column of the first JSON text equal to `text`; 1:1 when there is none. For messages: linear in the file.
[[nodiscard]] Position place_of_text(std::string_view json, std::string_view text);

}  // namespace fugle::workflow
