#include "graph/algorithms.hpp"

#include <algorithm>
#include <boost/graph/compressed_sparse_row_graph.hpp>
#include <boost/graph/strong_components.hpp>
#include <boost/graph/topological_sort.hpp>
#include <deque>

#include "base/assert.hpp"

namespace fugle::graph {
namespace {

using BoostGraph = boost::compressed_sparse_row_graph<boost::directedS, boost::no_property, boost::no_property,
                                                      boost::no_property, std::uint32_t, std::uint32_t>;

/// The rows as a Boost graph with an edge from each row to its columns. A copy: 20 ms per million elements.
BoostGraph to_boost(const Rows& rows) {
  const std::size_t num_vertices = rows.offsets.size() - 1;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> edges;
  edges.reserve(rows.columns.size());
  for (std::uint32_t v = 0; v < num_vertices; ++v)
    for (const std::uint32_t column : rows[v]) edges.emplace_back(v, column);
  return {boost::edges_are_sorted, edges.begin(), edges.end(), static_cast<std::uint32_t>(num_vertices)};
}

/// A shortest way from `start` along the rows back to itself, inside its strong component.
std::vector<std::uint32_t> shortest_cycle(const Rows& rows, const std::vector<std::uint32_t>& component,
                                          std::uint32_t start) {
  constexpr std::uint32_t kNone = ElementId::kInvalid;
  std::vector<std::uint32_t> came_from(component.size(), kNone);
  std::deque<std::uint32_t> open{start};
  while (!open.empty()) {
    const std::uint32_t v = open.front();
    open.pop_front();
    for (const std::uint32_t next : rows[v]) {
      if (component[next] != component[start]) continue;
      if (next == start) {
        std::vector<std::uint32_t> cycle{start};
        for (std::uint32_t at = v; at != start; at = came_from[at]) cycle.push_back(at);
        cycle.push_back(start);
        std::reverse(cycle.begin(), cycle.end());
        return cycle;
      }
      if (came_from[next] == kNone) came_from[next] = v, open.push_back(next);
    }
  }
  return {};
}

}  // namespace

std::vector<std::uint32_t> find_cycle(const Rows& needs) {
  const std::size_t num_vertices = needs.offsets.size() - 1;
  std::vector<std::uint32_t> component(num_vertices);
  const BoostGraph boost_graph = to_boost(needs);
  const auto num_components = boost::strong_components(
      boost_graph, boost::make_iterator_property_map(component.begin(), get(boost::vertex_index, boost_graph)));
  std::vector<std::uint32_t> size(num_components, 0);
  for (const std::uint32_t c : component) ++size[c];
  for (std::uint32_t v = 0; v < num_vertices; ++v) {
    const auto row = needs[v];
    const bool needs_itself = std::find(row.begin(), row.end(), v) != row.end();
    if (needs_itself || size[component[v]] > 1) return shortest_cycle(needs, component, v);
  }
  return {};
}

std::vector<std::uint32_t> topological_order(const Graph& graph) {
  return topological_order(graph.has_grown() ? graph.compressed().data().needs : graph.data().needs);
}

std::vector<std::uint32_t> topological_order(const Rows& needs) {
  std::vector<std::uint32_t> order;
  order.reserve(needs.offsets.size() - 1);
  // Finished vertices come out after all that they need, which is the order wanted.
  BoostGraph boost_graph = to_boost(needs);
  boost::topological_sort(boost_graph, std::back_inserter(order));
  return order;
}

std::vector<double> upward_ranks(const Graph& graph, std::span<const double> durations) {
  FUGLE_EXPECT(durations.size() == graph.num_elements());
  std::vector<double> ranks(durations.begin(), durations.end());
  const std::vector<std::uint32_t> order = topological_order(graph);
  for (auto v = order.rbegin(); v != order.rend(); ++v) {
    double longest = 0;
    for (const std::uint32_t s : graph.successors(ElementId(*v))) longest = std::max(longest, ranks[s]);
    ranks[*v] += longest;
  }
  return ranks;
}

std::vector<ElementId> critical_path(const Graph& graph, std::span<const double> durations) {
  if (graph.num_elements() == 0) return {};
  const std::vector<double> ranks = upward_ranks(graph, durations);
  auto v = static_cast<std::uint32_t>(std::max_element(ranks.begin(), ranks.end()) - ranks.begin());
  std::vector<ElementId> path;
  for (;;) {
    if (!graph.is_gate(ElementId(v))) path.emplace_back(v);
    const auto successors = graph.successors(ElementId(v));
    if (successors.empty()) return path;
    v = *std::max_element(successors.begin(), successors.end(),
                          [&](std::uint32_t a, std::uint32_t b) { return ranks[a] < ranks[b]; });
  }
}

}  // namespace fugle::graph
