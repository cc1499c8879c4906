#include "plan/acyclic_partition.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "base/assert.hpp"
#include "base/random.hpp"
#include "graph/algorithms.hpp"
#include "plan/acyclic_bisection.hpp"
#include "plan/acyclic_coarsening.hpp"
#include "plan/acyclic_level_graph.hpp"
#include "plan/acyclic_multilevel.hpp"

namespace fugle::plan {
namespace {

constexpr std::uint32_t kDirectVertices = 40'000;  // more are coarsened to this before they are bisected
constexpr std::uint32_t kDirectVerticesPerPart = 20;
constexpr std::uint32_t kImprovements = 3;
constexpr std::size_t kLargeGraph = 200'000;  // vertices and edges: from here on one improvement has to do

/// The graph with vertex order[i] as i, so that arcs lead to larger numbers.
LevelGraph finest_level(const graph::Rows& needs, std::span<const double> vertex_weights,
                        std::span<const double> edge_weights, std::span<const std::uint32_t> order) {
  const auto num_vertices = static_cast<std::uint32_t>(order.size());
  std::vector<std::uint32_t> number(num_vertices);
  for (std::uint32_t i = 0; i < num_vertices; ++i) number[order[i]] = i;

  std::vector<std::uint32_t> next(num_vertices + 1, 0);  // where the next arc from a vertex goes
  for (const std::uint32_t need : needs.columns) ++next[number[need] + 1];
  for (std::uint32_t i = 0; i < num_vertices; ++i) next[i + 1] += next[i];
  std::vector<ArcRows::Ends> arcs(needs.columns.size());
  std::vector<double> arc_weights(needs.columns.size(), 1);
  for (std::uint32_t i = 0; i < num_vertices; ++i) {
    for (std::uint32_t e = needs.offsets[order[i]]; e < needs.offsets[order[i] + 1]; ++e) {
      const std::uint32_t from = number[needs.columns[e]];
      FUGLE_EXPECT(from < i);
      if (!edge_weights.empty()) arc_weights[next[from]] = edge_weights[e];
      arcs[next[from]++] = {from, i};
    }
  }

  std::vector<double> weights(num_vertices, 1);
  if (std::any_of(vertex_weights.begin(), vertex_weights.end(), [](double weight) { return weight > 0; })) {
    for (std::uint32_t i = 0; i < num_vertices; ++i) weights[i] = vertex_weights[order[i]];
  }
  return {std::move(weights), arcs, arc_weights};
}

/// What the largest part weighs at least, whatever the edges: of num_parts + 1 vertices two are together, and so on.
double least_largest_part(const LevelGraph& graph, std::uint32_t num_parts) {
  std::vector<double> weights(graph.num_vertices());
  for (std::uint32_t v = 0; v < graph.num_vertices(); ++v) weights[v] = graph.weight(v);
  std::sort(weights.begin(), weights.end(), std::greater<>());
  double least = 0;
  for (std::size_t together = 1; (together - 1) * num_parts < weights.size(); ++together) {
    least = std::max(least, static_cast<double>(together) * weights[(together - 1) * num_parts]);
  }
  return least;
}

double part_limit(const LevelGraph& graph, const PartitionOptions& options) {
  const double limit = options.balance * graph.total_weight() / options.num_parts;
  const double least = least_largest_part(graph, options.num_parts);
  // Where all weigh the same only multiples of it can be reached.
  const double unit = common_weight(graph);
  return std::max(unit > 0 ? unit * std::floor(limit / unit + 1e-9) : limit, least);
}

Candidate partition_level(const LevelGraph& graph, const PartitionOptions& options, Random& random) {
  const double limit = part_limit(graph, options);
  const std::vector<double> limits(options.num_parts, limit);
  const std::uint32_t direct = std::max(kDirectVertices, kDirectVerticesPerPart * options.num_parts);
  const double heaviest_pair = graph.total_weight() / direct * 4;
  const Hierarchy hierarchy(graph, {}, {direct, heaviest_pair}, random);
  Candidate best = refine_upwards(
      hierarchy, limits, recursive_bisection(hierarchy.coarsest(), options.num_parts, limit, options.tries, random),
      random);
  const std::uint32_t improvements = graph.num_vertices() + graph.num_arcs() < kLargeGraph ? kImprovements : 1;
  for (std::uint32_t i = 0; i < improvements; ++i) best = improve(graph, limits, best, random);
  return best;
}

}  // namespace

AcyclicPartition partition_acyclic(const graph::Rows& needs, std::span<const double> vertex_weights,
                                   std::span<const double> edge_weights, const PartitionOptions& options) {
  const std::size_t num_vertices = needs.offsets.size() - 1;
  FUGLE_EXPECT(options.num_parts >= 1 && options.balance >= 1 && options.tries >= 1);
  FUGLE_EXPECT(vertex_weights.empty() || vertex_weights.size() == num_vertices);
  FUGLE_EXPECT(edge_weights.empty() || edge_weights.size() == needs.columns.size());

  AcyclicPartition result;
  result.part_of.assign(num_vertices, 0);
  if (options.num_parts == 1) return result;
  const std::vector<std::uint32_t> order = graph::topological_order(needs);
  Random random(options.seed);
  const Candidate best = partition_level(finest_level(needs, vertex_weights, edge_weights, order), options, random);
  for (std::uint32_t i = 0; i < num_vertices; ++i) result.part_of[order[i]] = best.parts[i];

  for (std::uint32_t v = 0; v < num_vertices; ++v) {
    for (std::uint32_t e = needs.offsets[v]; e < needs.offsets[v + 1]; ++e) {
      const std::uint32_t from = result.part_of[needs.columns[e]];
      FUGLE_ENSURE(from <= result.part_of[v]);
      if (from != result.part_of[v]) result.cut += edge_weights.empty() ? 1 : edge_weights[e];
    }
  }
  return result;
}

}  // namespace fugle::plan
