// The values of names for one element after the other: what expressions see while a workflow is expanded. Inputs,
// outputs and the working directory are evaluated when first asked for. Which spelling a path has: as written when
// the task runs in the directory of the workflow, else absolute; absolute always for the graph and for staged outputs.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "workflow/compiled_task.hpp"
#include "workflow/outcomes.hpp"

namespace fugle::workflow {

class OutputLists;

class ElementNames final : public Names {
 public:
  ElementNames(const Symbols& symbols, const CompiledTask& task, OutputLists& output_lists);

  void set_element(std::uint64_t index);
  void set_settings(const Settings& settings) { settings_ = settings; }

  [[nodiscard]] Value value_of(const Name& name) const override;
  [[nodiscard]] bool is_unset(const Name& name) const override;
  [[nodiscard]] bool is_doubtful(const Name& name) const override;
  [[nodiscard]] Value ask_files(FileQuestion question, const std::string& path) const override {
    return workflow_names_.ask_files(question, path);
  }

  /// "a[8,2]"
  [[nodiscard]] std::string id() const;
  /// Of a matrix variable; empty where this point has none.
  [[nodiscard]] const std::string& matrix_text(std::size_t variable) const;
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
  /// Of a name that is known only while the run goes on.
  [[nodiscard]] Value outcome(const Name& name) const;
  /// The number of the element of that task that belongs to this one; nullopt: all of them do.
  [[nodiscard]] std::optional<std::uint64_t> match(std::uint32_t task) const;
  [[nodiscard]] Value field_of_item(const Name& name) const;
  /// What is inserted must be absolute. A function has no directory of its own to be in.
  [[nodiscard]] bool runs_elsewhere() const;
  [[nodiscard]] Value inserted(const Value& path) const;

  const Symbols& symbols_;
  const CompiledTask& task_;
  OutputLists& output_lists_;
  WorkflowNames workflow_names_;
  Settings settings_;
  std::uint64_t index_ = 0;
  std::vector<std::uint32_t> digits_;  ///< of matrix values
  // Evaluated for the present element when asked for.
  mutable std::optional<std::string> workdir_;
  mutable std::vector<std::optional<Value>> inputs_;
  mutable std::vector<std::optional<std::string>> outputs_;
};

/// `tasks.t.outputs.o`: the paths of all elements as written, one text or a list in element order.
class OutputLists {
 public:
  /// `outcomes`: of the run, while it goes on; null: nothing has run.
  OutputLists(const Symbols& symbols, const std::vector<CompiledTask>& tasks, const Outcomes* outcomes = nullptr)
      : symbols_(symbols), tasks_(tasks), outcomes_(outcomes) {}
  [[nodiscard]] const Outcomes* outcomes() const { return outcomes_; }
  /// Of one element. Throws ExpressionError, as the following.
  [[nodiscard]] Value of_element(const Name& name, std::uint64_t element);
  /// Of all that are good, where something has run.
  [[nodiscard]] Value get(const Name& name);
  /// Whether the value of a name in this task rests on a stand-in, through inputs and outputs of any length.
  [[nodiscard]] bool is_doubtful(const CompiledTask& task, const Name& name) const;

 private:
  [[nodiscard]] Value made(const Name& name);

  const Symbols& symbols_;
  const std::vector<CompiledTask>& tasks_;
  const Outcomes* outcomes_;
  std::map<std::tuple<std::uint32_t, std::uint32_t, std::string>, Value> lists_;
};

/// The text of one path; E403 when it is empty, null or holds a line break. Throws ExpressionError.
[[nodiscard]] std::string checked_path(const Value& value, std::string_view key, Position at);

}  // namespace fugle::workflow
