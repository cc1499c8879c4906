#include "graph/good_run.hpp"

#include <algorithm>

#include "graph/algorithms.hpp"

namespace fugle::graph {
namespace {

/// A gate asks elements by a condition of its own, and passes on what other gates say.
bool is_skipped(const Graph& graph, const std::vector<bool>& skipped, ElementId e) {
  const auto says_skip = [&](std::uint32_t need) { return skipped[need] && graph.is_gate(ElementId(need)); };
  const auto is_skipped_or_says_so = [&](std::uint32_t need) { return skipped[need]; };
  const auto needs = graph.needs(e);
  switch (graph.task_of(e).kind) {
    case TaskKind::fail_gate: return true;
    case TaskKind::end_gate: return false;
    case TaskKind::any_gate: return !needs.empty() && std::ranges::all_of(needs, says_skip);
    case TaskKind::use_gate:
    case TaskKind::start_gate: return std::ranges::any_of(needs, is_skipped_or_says_so);
    default: return std::ranges::any_of(needs, says_skip);
  }
}

bool has_fail_gates(const Graph& graph) {
  for (std::uint32_t t = 0; t < graph.num_tasks(); ++t)
    if (graph.task(TaskId(t)).kind == TaskKind::fail_gate) return true;
  return false;
}

}  // namespace

std::vector<bool> skipped_in_good_run(const Graph& graph) {
  if (!has_fail_gates(graph)) return {};
  std::vector<bool> skipped(graph.num_elements(), false);
  for (const std::uint32_t e : topological_order(graph)) skipped[e] = is_skipped(graph, skipped, ElementId(e));
  return skipped;
}

}  // namespace fugle::graph
