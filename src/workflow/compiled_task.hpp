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

/// The items of `foreach`: of each its value and text (JSON of a map), and its part of the id.
struct CompiledForeach {
  using Field = std::pair<std::string, List>;
  CompiledVariable items;
  std::vector<Field> fields;  ///< [field][item]; null: the item has none
};

/// In CompiledTask::points.
inline constexpr std::uint32_t kNoValue = ~0u;

struct CompiledInput {
  std::vector<TextTemplate> paths;
  bool varies = false;              ///< between elements
  bool gives_list = false;          ///< for all that is known before the run: a reference to several elements
  bool is_plain_reference = false;  ///< every path is tasks.t.outputs.o alone: its edges come from the reference
};

struct CompiledText {
  TextTemplate text;
  bool varies = false;  ///< between elements
};

/// `when`, of the task or of one that uses the file that it is in.
struct CompiledCondition {
  TextTemplate text;
  const Text* source = nullptr;
};

/// `tasks.t.outputs.o`, `.status` or `.exit_code` somewhere in the task.
struct Reference {
  std::uint32_t task = 0;
  Position at;
  bool is_of_output = false;  ///< else its end, however, is enough
  bool uses = false;          ///< an output, without default(): what was skipped has none
  std::vector<std::uint32_t> groups{};  ///< the tasks that use the files that it is in
};

/// What can be said of a task before the run (prospects.hpp).
struct Prospect {
  bool is_open = false;   ///< its elements are made while the run goes on
  bool may_skip = false;  ///< elements of it may be SKIPPED
  bool may_lack = false;  ///< elements of it may be not OK where those that need it go on
  bool is_late = false;   ///< its texts are known only when its needs are met
  std::vector<bool> late_inputs, late_outputs;
};

struct CompiledTask {
  const TaskNode* node = nullptr;
  std::uint32_t number = 0;
  bool is_broken = false;  ///< an error was reported; nothing of it may be evaluated
  std::uint64_t num_elements = 1;
  std::vector<CompiledVariable> matrix;
  /// Row by row of each element the number of each variable's value, kNoValue where it has none; empty: the elements
  /// are all combinations, the last variable fastest.
  std::vector<std::uint32_t> points;
  std::optional<CompiledForeach> foreach;
  std::optional<TextTemplate> list_of_items;  ///< of `foreach`, where it is known only while the run goes on
  std::vector<CompiledCondition> when;        ///< all of them must be true; those of tasks that use files first
  std::vector<std::uint32_t> failing;  ///< the tasks whose handler it is; with several it has an element for each
  bool runs_last = false;              ///< a handler that starts when nothing else does any more
  Prospect prospect;
  [[nodiscard]] bool is_handler() const { return !failing.empty(); }
  /// It uses files: it has no elements of its own in the graph. Needing it means all tasks of these.
  [[nodiscard]] bool is_group() const { return node->uses.has_value(); }
  std::vector<std::uint32_t> groups;                ///< the tasks that use the files that it is in, innermost first
  std::vector<std::vector<std::uint32_t>> members;  ///< of a group: [element] the tasks of its file
  std::vector<CompiledInput> inputs;
  std::vector<CompiledText> outputs;
  std::vector<std::pair<std::string, CompiledText>> env;
  std::optional<CompiledText> workdir;
  std::vector<TextTemplate> command;  ///< the words of argv, or the script alone
  std::optional<TextTemplate> cleanup;
  std::optional<TextTemplate> setup;
  std::optional<TextTemplate> image;
  std::optional<TextTemplate> log;
  std::vector<TextTemplate> restart_files;
  std::vector<TextTemplate> restart_command;  ///< as `command`
  std::optional<ArgumentsTemplate> arguments;
  std::optional<TextTemplate> ready_command;
  std::optional<TextTemplate> stop_command;
  std::vector<TextTemplate> references_of_metrics;  ///< of the metrics whose reference is an expression
  bool uses_scratch = false;                        ///< its texts name the directory, by expression or by variable
  SettingsTemplate settings;
  std::vector<std::uint32_t> needs;   ///< numbers of the tasks in `needs`, parallel to TaskNode::needs
  std::vector<Reference> references;  ///< one for each task, the first place
  /// Parallel to `needs`, where it says `each`: [element] the one of the other task that belongs to it. Known once all
  /// tasks are compiled.
  std::vector<std::vector<std::uint32_t>> matches{};
};

/// What `when` came to. Throws ExpressionError E403.
[[nodiscard]] bool is_true(const Value& condition, Position at);
/// Those of one point as they stand in ids: "8,2". A field stands there only in a matrix without lists (`num_listed` 0).
[[nodiscard]] std::string joined_id_parts(const std::vector<CompiledVariable>& variables, std::size_t num_listed,
                                          const std::uint32_t* digits);
/// The numbers of the matrix values of an element.
void set_digits(const CompiledTask& task, std::uint64_t element, std::vector<std::uint32_t>& digits);
/// What stands in the brackets of its id; empty: it has none.
[[nodiscard]] std::string id_values(const CompiledTask& task, std::uint64_t element,
                                    const std::vector<std::uint32_t>& digits);

/// `names` are those of the workflow. Reports E202, E205, E207, E209 and all mistakes of expressions that need no
/// element.
[[nodiscard]] CompiledTask compile_task(const Symbols& symbols, const Names& names, std::uint32_t number,
                                        Diagnostics& diagnostics);

}  // namespace fugle::workflow
