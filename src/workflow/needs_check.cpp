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

/// E202; the answer has an edge for each name that exists.
Adjacency resolve(const Workflow& workflow, Diagnostics& diagnostics) {
  std::unordered_map<std::string_view, std::uint32_t> indices;
  std::vector<std::string_view> names;
  for (const TaskNode& task : workflow.tasks) {
    indices.emplace(task.name, static_cast<std::uint32_t>(names.size()));
    names.emplace_back(task.name);
  }
  Adjacency needs(workflow.tasks.size());
  std::size_t comparisons = 0;
  for (std::size_t t = 0; t < workflow.tasks.size(); ++t) {
    for (const Need& need : workflow.tasks[t].needs) {
      if (const auto found = indices.find(need.task); found != indices.end()) {
        needs[t].push_back(found->second);
        continue;
      }
      std::optional<std::string_view> nearest;
      if (comparisons < kMaxComparisons) nearest = nearest_word(need.task, names), comparisons += names.size();
      std::string problem = fmt::format("unknown task {}", in_quotes(need.task));
      if (nearest) problem += fmt::format("; did you mean '{}'?", *nearest);
      diagnostics.error("E202", need.at, std::move(problem), std::string(nearest.value_or("")));
    }
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
