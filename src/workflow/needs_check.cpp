#include "workflow/needs_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "base/text.hpp"
#include "graph/algorithms.hpp"
#include "workflow/scalar.hpp"

namespace fugle::workflow {
namespace {

/// A suggestion compares with every task; a file of many tasks and many wrong names gets them for the first ones only.
constexpr std::size_t kMaxComparisons = 2'000'000;
/// At most this many cycles are looked for, and of one cycle this many tasks are named.
constexpr std::size_t kMaxCycles = 50;
constexpr std::size_t kMaxNamed = 20;

using Adjacency = std::vector<std::vector<std::uint32_t>>;

/// Task names to their numbers, E202 for those that are of no task.
class TaskNumbers {
 public:
  TaskNumbers(const Workflow& workflow, Diagnostics& diagnostics) : diagnostics_(diagnostics) {
    for (const TaskNode& task : workflow.tasks) {
      numbers_.emplace(task.name, static_cast<std::uint32_t>(names_.size()));
      names_.emplace_back(task.name);
    }
  }

  std::optional<std::uint32_t> find(std::string_view name, Position at) {
    if (const auto found = numbers_.find(name); found != numbers_.end()) return found->second;
    std::optional<std::string_view> nearest;
    if (comparisons_ < kMaxComparisons) nearest = nearest_word(name, names_), comparisons_ += names_.size();
    std::string problem = fmt::format("unknown task {}", in_quotes(name));
    if (nearest) problem += fmt::format("; did you mean '{}'?", *nearest);
    diagnostics_.error("E202", at, std::move(problem), std::string(nearest.value_or("")));
    return std::nullopt;
  }

 private:
  Diagnostics& diagnostics_;
  std::unordered_map<std::string_view, std::uint32_t> numbers_;
  std::vector<std::string_view> names_;
  std::size_t comparisons_ = 0;
};

/// The tasks of `finally` start when all others have ended: no edge says so, and none may contradict it.
bool refuse_border(const TaskNode& task, const TaskNode& needed, const Need& need, Diagnostics& diagnostics) {
  if (task.runs_finally == needed.runs_finally) return false;
  diagnostics.error("E113", need.at,
                    task.runs_finally
                        ? fmt::format("'needs' is not allowed here: 'finally' starts when {} and all others have ended",
                                      in_quotes(need.task))
                        : fmt::format("'needs' is not allowed here: {} is in 'finally', which starts when all others "
                                      "have ended",
                                      in_quotes(need.task)));
  return true;
}

/// A function of a program is given results of their types: there must be one.
void refuse_result_that_may_be_missing(const TaskNode& task, const TaskNode& needed, const Need& need,
                                       Diagnostics& diagnostics) {
  const bool takes_it = task.plugin.value.starts_with(':') && needed.is_function() && need.kind != Need::Kind::done;
  const bool may_fail = needed.tolerate.at.line > 0 || needed.on_failure.value == graph::OnFailure::ignore;
  if (!takes_it || !may_fail) return;
  diagnostics.error(
      "E113", need.at,
      fmt::format("{} takes the result of {}, which may have none ('tolerate', 'on_failure: ignore'); let "
                  "it return what says so instead",
                  in_quotes(task.name), in_quotes(needed.name)));
}

/// The answer has an edge for each name that exists.
Adjacency resolve(const Workflow& workflow, Diagnostics& diagnostics) {
  TaskNumbers numbers(workflow, diagnostics);
  Adjacency needs(workflow.tasks.size());
  for (std::size_t t = 0; t < workflow.tasks.size(); ++t) {
    const TaskNode& task = workflow.tasks[t];
    for (const Need& need : task.needs) {
      const auto number = numbers.find(need.task, need.at);
      if (!number || refuse_border(task, workflow.tasks[*number], need, diagnostics)) continue;
      refuse_result_that_may_be_missing(task, workflow.tasks[*number], need, diagnostics);
      needs[t].push_back(*number);
    }
    if (task.place.value.place == graph::Place::near) (void)numbers.find(task.place.value.near, task.place.at);
  }
  return needs;
}

graph::Rows rows_of(const Adjacency& needs) {
  graph::Rows rows;
  for (const auto& row : needs) {
    rows.columns.insert(rows.columns.end(), row.begin(), row.end());
    rows.offsets.push_back(static_cast<std::uint32_t>(rows.columns.size()));
  }
  return rows;
}

Diagnostic describe_cycle(const Workflow& workflow, const std::vector<std::uint32_t>& cycle) {
  const auto name = [&](std::size_t i) -> const std::string& { return workflow.tasks[cycle[i]].name; };
  const std::size_t length = cycle.size() - 1;
  Diagnostic diagnostic{Severity::error, "E201", {}, "cycle " + name(0), {}, {}};
  for (std::size_t i = 0; i < std::min(length, kMaxNamed); ++i) {
    const auto& needs = workflow.tasks[cycle[i]].needs;
    const Position at = std::ranges::find(needs, name(i + 1), &Need::task)->at;
    if (i == 0) diagnostic.at = at;
    diagnostic.text += " -> " + name(i + 1);
    diagnostic.notes.push_back({at, fmt::format("{} needs {}", name(i), name(i + 1))});
  }
  if (length > kMaxNamed) diagnostic.text += fmt::format(" -> ... -> {} ({} tasks)", name(0), length);
  return diagnostic;
}

}  // namespace

void check_needs(const Workflow& workflow, Diagnostics& diagnostics) {
  Adjacency needs = resolve(workflow, diagnostics);
  for (std::size_t i = 0; i < kMaxCycles; ++i) {
    const std::vector<std::uint32_t> cycle = graph::find_cycle(rows_of(needs));
    if (cycle.empty()) return;
    diagnostics.add(describe_cycle(workflow, cycle));
    for (const std::uint32_t task : cycle) needs[task].clear();
  }
}

}  // namespace fugle::workflow
