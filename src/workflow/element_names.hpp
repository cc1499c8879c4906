// The values of names for one element after the other: what expressions see while a workflow is expanded. Inputs,
// outputs and the working directory are evaluated when first asked for. Which spelling a path has: as written when
// the task runs in the directory of the workflow, else absolute; absolute always for the graph and for staged outputs.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "workflow/compiled_task.hpp"

namespace fugle::workflow {

class OutputLists;

class ElementNames final : public Names {
 public:
  ElementNames(const Symbols& symbols, const CompiledTask& task, OutputLists& output_lists);

  void set_element(std::uint64_t index);
  void set_settings(const Settings& settings) { settings_ = settings; }

  [[nodiscard]] Value value_of(const Name& name) const override;
  [[nodiscard]] bool is_unset(const Name& name) const override { return workflow_names_.is_unset(name); }
  [[nodiscard]] bool is_doubtful(const Name& name) const override;

  /// Number of the value of a matrix variable.
  [[nodiscard]] std::size_t digit(std::size_t variable) const { return digits_[variable]; }
  [[nodiscard]] const std::string& workdir() const;
  /// Paths of an input, as written. Throws ExpressionError, as the following.
  [[nodiscard]] const Value& input(std::uint32_t input) const;
  [[nodiscard]] Value output_as_written(std::uint32_t output) const;
  [[nodiscard]] const std::string& output_path(std::uint32_t output) const;

 private:
  /// `resources.k`, as it is in effect: an ordinary process is one rank.
  [[nodiscard]] Value resource(NameKind kind) const;
  /// `workdir: per_element`: the id without brackets, "mdrun.8,2". No shell minds its characters, and since no task
  /// has a point in its name no two elements share one.
  [[nodiscard]] std::string own_directory() const;
  /// Where `needs` says `each`, of the matching element.
  [[nodiscard]] Value output_of_task(const Name& name) const;
  /// What is inserted must be absolute. A function has no directory of its own to be in.
  [[nodiscard]] bool runs_elsewhere() const;
  [[nodiscard]] Value inserted(const Value& path) const;

  const Symbols& symbols_;
  const CompiledTask& task_;
  OutputLists& output_lists_;
  WorkflowNames workflow_names_;
  Settings settings_;
  std::uint64_t index_ = 0;
  std::vector<std::size_t> digits_;
  // Evaluated for the present element when asked for.
  mutable std::optional<std::string> workdir_;
  mutable std::vector<std::optional<Value>> inputs_;
  mutable std::vector<std::optional<std::string>> outputs_;
};

/// `tasks.t.outputs.o`: the paths of all elements as written, one text or a list in element order.
class OutputLists {
 public:
  OutputLists(const Symbols& symbols, const std::vector<CompiledTask>& tasks) : symbols_(symbols), tasks_(tasks) {}
  /// Throws ExpressionError.
  [[nodiscard]] const Value& get(std::uint32_t task, std::uint32_t output);
  /// Whether the value of a name in this task rests on a stand-in, through inputs and outputs of any length.
  [[nodiscard]] bool is_doubtful(const CompiledTask& task, const Name& name) const;

 private:
  const Symbols& symbols_;
  const std::vector<CompiledTask>& tasks_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, Value> lists_;
};

/// The text of one path; E403 when it is empty, null or holds a line break. Throws ExpressionError.
[[nodiscard]] std::string checked_path(const Value& value, std::string_view key, Position at);

}  // namespace fugle::workflow
