// A whole workflow compiled: all its tasks, with what can be said of them before the run. The same before the run,
// where the graph is made of it, and while it goes on.
#pragma once

#include <vector>

#include "workflow/compiled_task.hpp"

namespace fugle::workflow {

struct CompiledWorkflow {
  Symbols symbols;
  std::vector<CompiledTask> tasks;
};

/// Tasks with mistakes are broken, and told. `workflow` must outlive the answer. nullopt: there is a cycle, or there are
/// too many elements.
[[nodiscard]] std::optional<CompiledWorkflow> compile_workflow(const Workflow& workflow, const ExpandOptions& options,
                                                               Diagnostics& diagnostics);

/// What `each` means for the elements of this task. Throws ExpressionError E208, with its place.
void match_needs(CompiledTask& task, const std::vector<CompiledTask>& tasks);

}  // namespace fugle::workflow
