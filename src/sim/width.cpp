#include "sim/width.hpp"

#include <algorithm>
#include <vector>

#include "graph/algorithms.hpp"

namespace fugle::sim {

Width width_of(const graph::Graph& graph, std::span<const double> durations) {
  const std::uint32_t n = graph.num_elements();
  std::vector<double> starts(n, 0), ends(n, 0);
  for (const std::uint32_t e : graph::topological_order(graph)) {
    for (const std::uint32_t need : graph.needs(ElementId(e))) starts[e] = std::max(starts[e], ends[need]);
    ends[e] = starts[e] + durations[e];
  }
  const auto cores_of = [&](std::uint32_t e) {
    const graph::Task& task = graph.task_of(ElementId(e));
    return task.request.cores * task.shape.spread().workers;
  };
  std::vector<std::uint32_t> by_start, by_end;
  for (std::uint32_t e = 0; e < n; ++e)
    if (!graph.is_gate(ElementId(e))) by_start.push_back(e);
  by_end = by_start;
  std::sort(by_start.begin(), by_start.end(), [&](auto a, auto b) { return starts[a] < starts[b]; });
  std::sort(by_end.begin(), by_end.end(), [&](auto a, auto b) { return ends[a] < ends[b]; });
  Width width, now;
  std::size_t ended = 0;
  for (const std::uint32_t e : by_start) {
    for (; ends[by_end[ended]] <= starts[e] && starts[by_end[ended]] < starts[e]; ++ended) {
      --now.elements;
      now.cores -= cores_of(by_end[ended]);
    }
    ++now.elements;
    now.cores += cores_of(e);
    width.elements = std::max(width.elements, now.elements);
    width.cores = std::max(width.cores, now.cores);
  }
  return width;
}

}  // namespace fugle::sim
