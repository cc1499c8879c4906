// One task of the workflow with its texts compiled and its matrix written out: what is the same for all elements.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "workflow/arguments.hpp"
#include "workflow/scope.hpp"
#include "workflow/settings.hpp"
#include "workflow/text_template.hpp"

namespace fugle::workflow {

struct CompiledVariable {
  List values;
  std::vector<std::string> texts;     ///< the values as text
  std::vector<std::string> id_parts;  ///< the values as they stand in element ids
  bool is_doubtful = false;           ///< from a stand-in for a param
};

struct CompiledInput {
  std::vector<TextTemplate> paths;
  bool varies = false;              ///< between elements
  bool is_plain_reference = false;  ///< every path is tasks.t.outputs.o alone: its edges come from the reference
};

struct CompiledText {
  TextTemplate text;
  bool varies = false;  ///< between elements
};

/// `tasks.t.outputs.o` somewhere in the task.
struct Reference {
  std::uint32_t task = 0;
  Position at;
};

struct CompiledTask {
  const TaskNode* node = nullptr;
  std::uint32_t number = 0;
  bool is_broken = false;  ///< an error was reported; nothing of it may be evaluated
  std::uint64_t num_elements = 1;
  std::vector<CompiledVariable> matrix;
  std::vector<CompiledInput> inputs;
  std::vector<CompiledText> outputs;
  std::vector<std::pair<std::string, CompiledText>> env;
  std::optional<CompiledText> workdir;
  std::vector<TextTemplate> command;  ///< the words of argv, or the script alone
  std::optional<TextTemplate> cleanup;
  std::vector<TextTemplate> restart_files;
  std::vector<TextTemplate> restart_command;  ///< as `command`
  std::optional<ArgumentsTemplate> arguments;
  std::optional<TextTemplate> ready_command;
  std::optional<TextTemplate> stop_command;
  std::vector<TextTemplate> references_of_metrics;  ///< of the metrics whose reference is an expression
  bool uses_scratch = false;                        ///< its texts name the directory, by expression or by variable
  SettingsTemplate settings;
  std::vector<std::uint32_t> needs;   ///< numbers of the tasks in `needs`, parallel to TaskNode::needs
  std::vector<Reference> references;  ///< the first place for each task
  /// Parallel to `needs`, where it says `each`: [element] the one of the other task that belongs to it. Known once all
  /// tasks are compiled.
  std::vector<std::vector<std::uint32_t>> matches{};
};

/// `names` are those of the workflow. Reports E202, E205, E207, E209 and all mistakes of expressions that need no
/// element.
[[nodiscard]] CompiledTask compile_task(const Symbols& symbols, const Names& names, std::uint32_t number,
                                        Diagnostics& diagnostics);

}  // namespace fugle::workflow
