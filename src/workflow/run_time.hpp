// The workflow while its run goes on: makes the elements of tasks whose lists come from other tasks, decides `when`,
// and makes texts that hold what other tasks gave. Pure: an answer follows from the workflow, and from what is known
// of the run. Knows nothing of who asks.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "graph/growth.hpp"
#include "workflow/compiled_workflow.hpp"
#include "workflow/element_names.hpp"
#include "workflow/knowledge.hpp"
#include "workflow/outcomes.hpp"
#include "workflow/written_files.hpp"

namespace fugle::workflow {

class RunTime {
 public:
  /// Why an element does not run: it is skipped, or what it says is wrong.
  struct Refusal {
    bool is_wrong = false;
    std::string reason;
  };

  /// `workflow` and `options` are those that the graph was made of, `knowledge` outlives this. Throws EnvironmentError
  /// when they have mistakes now.
  RunTime(Workflow workflow, const ExpandOptions& options, const Knowledge& knowledge);

  /// The elements for which this one, of kind expansion, stands.
  [[nodiscard]] std::variant<graph::Growth, Refusal> expand(ElementId element);
  /// Whether an element runs, and its texts, packed; empty: those of the graph.
  [[nodiscard]] std::variant<std::string, Refusal> decide(ElementId element);

  /// Whether anything of the graph has to be decided while the run goes on.
  [[nodiscard]] static bool is_needed_by(const graph::Graph& graph);

 private:
  [[nodiscard]] Refusal wrong(const ExpressionError& error) const;
  /// The first mistake of those said, and which of several elements has it.
  [[nodiscard]] Refusal wrong(const Diagnostics& said, std::string_view which = {}) const;
  void know_elements_again();
  [[nodiscard]] WrittenFiles& written_files();
  /// Why it is not to run; nullptr: it is. Throws ExpressionError.
  [[nodiscard]] const CompiledCondition* first_false(const CompiledTask& task, std::uint64_t index);
  [[nodiscard]] List items_of(const CompiledTask& task);
  void set_items(CompiledTask& task, CompiledForeach items);
  /// Throws ExpressionError E201.
  [[nodiscard]] graph::Growth growth_of(ElementId expansion, const CompiledTask& task, graph::GraphData data,
                                        const FileLinks& links);
  /// Throws ExpressionError E203 where an element of the growth writes what one of the graph does.
  void refuse_second_writers(const CompiledTask& task, const graph::GraphData& data);
  [[nodiscard]] ExpressionError second_writer(const WrittenFiles::Clash& clash, const CompiledTask& task,
                                              std::string_view id) const;
  /// Of an element whose needs are met, packed. nullopt: what is wrong was said.
  [[nodiscard]] std::optional<std::string> late_text(ElementId element, Diagnostics& said);

  Diagnostics diagnostics_;
  Workflow workflow_;
  CompiledWorkflow compiled_;
  const Knowledge& knowledge_;
  Outcomes outcomes_;
  OutputLists lists_;
  std::optional<WrittenFiles> written_;  ///< once it was asked for
};

}  // namespace fugle::workflow
