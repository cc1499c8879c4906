#include "plan/acyclic_partition.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/assert.hpp"
#include "base/random.hpp"
#include "graph/algorithms.hpp"
#include "plan/acyclic_bisection.hpp"
#include "plan/acyclic_level_graph.hpp"
#include "plan/acyclic_multilevel.hpp"

namespace fugle::plan {
namespace {

/// The graph with its vertices numbered topologically.
LevelGraph finest_level(const graph::Rows& needs, std::span<const double> vertex_weights,
                        std::span<const double> edge_weights, std::span<const std::uint32_t> order) {
  const auto n = static_cast<std::uint32_t>(order.size());
  std::vector<std::uint32_t> number(n);
  for (std::uint32_t i = 0; i < n; ++i) number[order[i]] = i;
  // Arcs backward by their later end; turned around they are what a level wants.
  std::vector<ArcRows::Ends> ends;
  std::vector<double> weights;
  ends.reserve(needs.columns.size());
  for (std::uint32_t i = 0; i < n; ++i) {
    for (std::uint32_t e = needs.offsets[order[i]]; e < needs.offsets[order[i] + 1]; ++e) {
      ends.emplace_back(i, number[needs.columns[e]]);
      weights.push_back(edge_weights.empty() ? 1 : edge_weights[e]);
    }
  }
  (void)vertex_weights;
  const ArcRows backward(n, ends, weights);
  const ArcRows forward = backward.reversed();
  ends.clear(), weights.clear();
  for (std::uint32_t v = 0; v < n; ++v) {
    for (const Arc arc : forward[v]) ends.emplace_back(v, arc.vertex), weights.push_back(arc.weight);
  }
  std::vector<double> vw(n, 1);
  if (!vertex_weights.empty()) for (std::uint32_t i = 0; i < n; ++i) vw[i] = vertex_weights[order[i]];
  return {vw, ends, weights};
}

}  // namespace

AcyclicPartition partition_acyclic(const graph::Rows& needs, std::span<const double> vertex_weights,
                                   std::span<const double> edge_weights, const PartitionOptions& options) {
  const std::vector<std::uint32_t> order = graph::topological_order(needs);
  const LevelGraph graph = finest_level(needs, vertex_weights, edge_weights, order);
  Random random(options.seed);
  const double mean = graph.total_weight() / options.num_parts;
  const double limit = std::ceil(mean * options.balance - 1e-9);
  std::vector<double> limits(options.num_parts, limit);
  Candidate best{recursive_bisection(graph, options.num_parts, limit, random), 1e300, 1e300};
  for (int i = 0; i < 3; ++i) best = improve(graph, limits, best, random);
  AcyclicPartition result;
  result.part_of.resize(order.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) result.part_of[order[i]] = best.parts[i];
  result.cut = best.cut;
  return result;
}

}  // namespace fugle::plan
