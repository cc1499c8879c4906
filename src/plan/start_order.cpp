#include "plan/start_order.hpp"

#include <algorithm>
#include <limits>

#include "base/assert.hpp"
#include "graph/algorithms.hpp"

namespace fugle::plan {
namespace {

bool all_priorities_equal(const graph::Graph& graph) {
  for (std::uint32_t t = 1; t < graph.num_tasks(); ++t) {
    if (graph.task(TaskId(t)).priority != graph.task(TaskId(0)).priority) return false;
  }
  return true;
}

}  // namespace

std::vector<std::int32_t> effective_priorities(const graph::Graph& graph) {
  if (all_priorities_equal(graph)) return {};
  std::vector<std::int32_t> priorities(graph.num_elements(), 0);
  const std::vector<std::uint32_t> topological = graph::topological_order(graph);
  for (auto it = topological.rbegin(); it != topological.rend(); ++it) {
    const ElementId e(*it);
    std::int32_t highest = graph.is_gate(e) ? std::numeric_limits<std::int32_t>::min() : graph.task_of(e).priority;
    for (const std::uint32_t successor : graph.successors(e)) highest = std::max(highest, priorities[successor]);
    priorities[*it] = highest;
  }
  return priorities;
}

std::vector<std::uint32_t> start_order(std::span<const std::int32_t> priorities, std::span<const double> upward_ranks) {
  FUGLE_EXPECT(priorities.empty() || priorities.size() == upward_ranks.size());
  struct Key {
    std::int32_t priority;
    std::uint32_t element;
    double rank;
  };
  std::vector<Key> keys(upward_ranks.size());
  for (std::uint32_t e = 0; e < keys.size(); ++e)
    keys[e] = {priorities.empty() ? 0 : priorities[e], e, upward_ranks[e]};
  std::sort(keys.begin(), keys.end(), [](const Key& a, const Key& b) {
    if (a.priority != b.priority) return a.priority > b.priority;
    if (a.rank != b.rank) return a.rank > b.rank;
    return a.element < b.element;
  });
  std::vector<std::uint32_t> positions(keys.size());
  for (std::uint32_t position = 0; position < keys.size(); ++position) positions[keys[position].element] = position;
  return positions;
}

std::vector<std::uint32_t> start_order(const graph::Graph& graph, std::span<const double> upward_ranks) {
  FUGLE_EXPECT(upward_ranks.size() == graph.num_elements());
  return start_order(effective_priorities(graph), upward_ranks);
}

}  // namespace fugle::plan
