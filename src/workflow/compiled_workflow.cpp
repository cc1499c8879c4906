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

namespace {

/// Places of its elements where several tasks or texts are about one.
class UsedFilesCheck {
 public:
  UsedFilesCheck(CompiledWorkflow& compiled, Diagnostics& diagnostics)
      : symbols_(compiled.symbols), tasks_(compiled.tasks), diagnostics_(diagnostics) {}

  void check() {
    for (const EnvVar& output : symbols_.workflow->outputs) check_text(output.value, {symbols_, 0u, kOutputs});
    for (std::uint32_t file = 1; file < symbols_.files.size(); ++file) {
      const UsedFile& used = used_file(*symbols_.workflow, file);
      CompiledTask& user = tasks_[used.task];
      user.members.push_back({});
      for (const std::uint32_t task : symbols_.tasks_in[file])
        if (tasks_[task].node->runs_finally == user.node->runs_finally) user.members.back().push_back(task);
      for (const EnvVar& output : used.outputs) check_text(output.value, {symbols_, file, kOutputs});
      for (const Param& param : used.params)
        if (param.given) check_text(*param.given, {symbols_, *user.node, used, {"with", Stage::element, false}});
      if (user.node->when) check_text(*user.node->when, {symbols_, *user.node, used, {"when", Stage::element, false}});
    }
  }

 private:
  static constexpr Place kOutputs{"outputs", Stage::element, false};

  void check_text(const Text& text, const PlaceScope& scope) { (void)TextTemplate::compile(text, scope, diagnostics_); }

  const Symbols& symbols_;
  std::vector<CompiledTask>& tasks_;
  Diagnostics& diagnostics_;
};

}  // namespace

namespace {

/// Then it must have matches already, or it is said that it can not.
bool needs_each_of_group(const CompiledTask& task, const std::vector<CompiledTask>& tasks) {
  for (std::size_t i = 0; i < task.needs.size(); ++i) {
    const Need& need = task.node->needs[i];
    if (need.kind == Need::Kind::each && !need.element && tasks[task.needs[i]].is_group()) return true;
  }
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
      if (above.is_group() && task.prospect.is_open && !need.element)
        throw ExpressionError{"E404",
                              fmt::format("the elements of {} are known only while the run goes on; 'each' of a "
                                          "task that uses a file needs them at start",
                                          task.node->name)};
      task.matches[i] = need.element ? std::vector(task.num_elements, find_element(above, *need.element))
                                     : match_elements(task, above);
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
  std::vector<CompiledTask>& tasks = compiled.tasks;
  tasks.reserve(workflow.tasks.size());
  for (std::uint32_t t = 0; t < workflow.tasks.size(); ++t) {
    const WorkflowNames names(compiled.symbols, workflow.tasks[t].file);
    tasks.push_back(compile_task(compiled.symbols, names, t, diagnostics));
  }
  UsedFilesCheck(compiled, diagnostics).check();
  find_handlers(tasks, compiled.symbols, diagnostics);
  if (report_task_cycle(tasks, diagnostics) || !is_small_enough(tasks, diagnostics)) return std::nullopt;
  find_prospects(tasks);
  for (CompiledTask& task : tasks) {
    const bool waits = task.prospect.is_open && !needs_each_of_group(task, tasks);
    if (task.is_broken || waits) continue;
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
