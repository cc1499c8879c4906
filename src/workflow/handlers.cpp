#include "workflow/handlers.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "workflow/given_value.hpp"
#include "workflow/scalar.hpp"

namespace fugle::workflow {
namespace {

class HandlerFinder {
 public:
  HandlerFinder(std::vector<CompiledTask>& tasks, const Symbols& symbols, Diagnostics& diagnostics)
      : tasks_(tasks), symbols_(symbols), diagnostics_(diagnostics) {}

  void find() {
    for (const CompiledTask& task : tasks_)
      if (task.node->handler) join(task, *task.node->handler);
    for (CompiledTask& task : tasks_)
      if (task.is_handler()) finish(task);
  }

 private:
  void refuse(CompiledTask& task, Position at, std::string text) {
    diagnostics_.error("E113", at, std::move(text));
    task.is_broken = true;
  }

  void join(const CompiledTask& failing, const Handler& handler) {
    std::uint32_t number = 0;
    try {
      number = find_task(symbols_, handler.task);
    } catch (ExpressionError& error) {
      error.at = handler.at;
      return report(error, diagnostics_);
    }
    CompiledTask& task = tasks_[number];
    if (task.is_group())
      return refuse(task, handler.at,
                    fmt::format("'on_failure.run' is not allowed here: {} uses a file; name a task with run",
                                in_quotes(handler.task)));
    // A handler for all tasks, at top level or in defaults, is not its own; and what `finally` does comes after it.
    const bool is_own = task.number == failing.number || task.node->handler;
    if (is_own && task.node->handler->at == handler.at) return;
    if (failing.node->runs_finally && !task.node->runs_finally) return;
    task.failing.push_back(failing.number);
  }

  void finish(CompiledTask& task) {
    const TaskNode& node = *task.node;
    const std::string& first = tasks_[task.failing.front()].node->name;
    if (!node.needs.empty())
      refuse(task, node.needs.front().at,
             fmt::format("'needs' is not allowed here: {} is the handler of {}, and starts when that has failed",
                         in_quotes(node.name), in_quotes(first)));
    task.runs_last = !node.runs_finally && ends_the_run(task) && !is_needed(task);
    if (task.failing.size() == 1) return;
    const bool has_elements = !node.matrix.empty() || node.foreach || !node.matrix_include.empty();
    if (has_elements)
      return refuse(task, node.at,
                    fmt::format("'matrix' and 'foreach' are not allowed here: {} is the handler of several tasks, and "
                                "runs once for each",
                                in_quotes(node.name)));
    List names;
    for (const std::uint32_t failing : task.failing) names.emplace_back(tasks_[failing].node->name);
    task.foreach = foreach_of(std::move(names));
    task.num_elements = task.failing.size();
  }

  /// Nothing else starts once this has happened.
  [[nodiscard]] bool ends_the_run(const CompiledTask& task) const {
    return std::ranges::any_of(task.failing, [&](std::uint32_t failing) {
      const auto& policy = tasks_[failing].node->on_failure;
      return !policy.expression &&
             (policy.value == graph::OnFailure::drain || policy.value == graph::OnFailure::stop);
    });
  }

  [[nodiscard]] bool is_needed(const CompiledTask& task) const {
    return std::ranges::any_of(tasks_, [&](const CompiledTask& other) {
      return std::ranges::find(other.needs, task.number) != other.needs.end() ||
             std::ranges::find(other.references, task.number, &Reference::task) != other.references.end();
    });
  }

  std::vector<CompiledTask>& tasks_;
  const Symbols& symbols_;
  Diagnostics& diagnostics_;
};

}  // namespace

void find_handlers(std::vector<CompiledTask>& tasks, const Symbols& symbols, Diagnostics& diagnostics) {
  HandlerFinder(tasks, symbols, diagnostics).find();
}

}  // namespace fugle::workflow
