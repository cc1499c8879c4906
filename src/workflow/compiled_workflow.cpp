#include "workflow/compiled_workflow.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "workflow/cycles.hpp"
#include "workflow/handlers.hpp"
#include "workflow/matching.hpp"
#include "workflow/matrix.hpp"
#include "workflow/prospects.hpp"

namespace fugle::workflow {
namespace {

bool has_doubtful_elements(const CompiledTask& task) {
  return (task.foreach && task.foreach->items.is_doubtful) ||
         std::ranges::any_of(task.matrix, &CompiledVariable::is_doubtful);
}

bool is_small_enough(const std::vector<CompiledTask>& tasks, Diagnostics& diagnostics) {
  std::uint64_t total = 0;
  for (const CompiledTask& task : tasks) total += task.is_broken ? 0 : task.num_elements;
  if (total <= kMaxElements) return true;
  diagnostics.error("E206", {},
                    fmt::format("the tasks expand to {} elements, this version takes {}", total, kMaxElements));
  return false;
}

}  // namespace

void match_needs(CompiledTask& task, const std::vector<CompiledTask>& tasks) {
  task.matches.assign(task.needs.size(), {});
  for (std::size_t i = 0; i < task.needs.size(); ++i) {
    const Need& need = task.node->needs[i];
    const CompiledTask& above = tasks[task.needs[i]];
    if (need.kind != Need::Kind::each || above.is_broken) continue;
    try {
      task.matches[i] = match_elements(task, above);
    } catch (ExpressionError& error) {
      error.at = need.at;
      error.is_doubtful = has_doubtful_elements(task) || has_doubtful_elements(above);
      throw;
    }
  }
}

std::optional<CompiledWorkflow> compile_workflow(const Workflow& workflow, const ExpandOptions& options,
                                                 Diagnostics& diagnostics) {
  CompiledWorkflow compiled{make_symbols(workflow, options, diagnostics), {}};
  const WorkflowNames names(compiled.symbols);
  std::vector<CompiledTask>& tasks = compiled.tasks;
  tasks.reserve(workflow.tasks.size());
  for (std::uint32_t t = 0; t < workflow.tasks.size(); ++t)
    tasks.push_back(compile_task(compiled.symbols, names, t, diagnostics));
  find_handlers(tasks, compiled.symbols, diagnostics);
  if (report_task_cycle(tasks, diagnostics) || !is_small_enough(tasks, diagnostics)) return std::nullopt;
  find_prospects(tasks);
  for (CompiledTask& task : tasks) {
    if (task.is_broken || task.prospect.is_open) continue;
    try {
      match_needs(task, tasks);
    } catch (const ExpressionError& error) {
      report(error, diagnostics);
      task.is_broken = true;
    }
  }
  return compiled;
}

}  // namespace fugle::workflow
