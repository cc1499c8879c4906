// DAGs for tests of partitions, and what every partition in order has to fulfil.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/random.hpp"
#include "graph/graph.hpp"
#include "plan/acyclic_level_graph.hpp"
#include "plan/acyclic_partition.hpp"

namespace fugle::plan {

/// Each vertex needs up to `most_needs` different ones of the `window` before it.
inline graph::Rows random_dag(std::uint32_t num_vertices, std::uint32_t most_needs, std::uint32_t window,
                              Random& random) {
  graph::Rows needs;
  for (std::uint32_t v = 0; v < num_vertices; ++v) {
    std::vector<std::uint32_t> row;
    for (std::uint64_t i = v == 0 ? 0 : random.below(most_needs + 1); i > 0; --i) {
      row.push_back(v - 1 - static_cast<std::uint32_t>(random.below(std::min(v, window))));
    }
    std::sort(row.begin(), row.end());
    row.erase(std::unique(row.begin(), row.end()), row.end());
    needs.columns.insert(needs.columns.end(), row.begin(), row.end());
    needs.offsets.push_back(static_cast<std::uint32_t>(needs.columns.size()));
  }
  return needs;
}

inline std::uint32_t num_vertices(const graph::Rows& needs) {
  return static_cast<std::uint32_t>(needs.offsets.size() - 1);
}

/// The same graph for the parts of the partitioner; vertices have to be numbered topologically.
inline LevelGraph level_of(const graph::Rows& needs, std::vector<double> vertex_weights = {}) {
  if (vertex_weights.empty()) vertex_weights.assign(num_vertices(needs), 1);
  std::vector<ArcRows::Ends> arcs;
  for (std::uint32_t v = 0; v < num_vertices(needs); ++v) {
    for (const std::uint32_t need : needs[v]) arcs.emplace_back(need, v);
  }
  std::sort(arcs.begin(), arcs.end());
  return {std::move(vertex_weights), arcs, std::vector<double>(arcs.size(), 1)};
}

inline void expect_no_arc_back(const LevelGraph& graph, const std::vector<std::uint32_t>& parts) {
  for (std::uint32_t v = 0; v < graph.num_vertices(); ++v) {
    for (const Arc arc : graph.successors()[v]) ASSERT_LE(parts[v], parts[arc.vertex]);
  }
}

inline double cut_of(const LevelGraph& graph, const std::vector<std::uint32_t>& parts) {
  double cut = 0;
  for (std::uint32_t v = 0; v < graph.num_vertices(); ++v) {
    for (const Arc arc : graph.successors()[v]) cut += parts[v] != parts[arc.vertex] ? arc.weight : 0;
  }
  return cut;
}

/// In order, within the number of parts, and with the cut it says. Returns the weight of the largest part.
inline double checked_largest_part(const graph::Rows& needs, const std::vector<double>& vertex_weights,
                                   const std::vector<double>& edge_weights, std::uint32_t num_parts,
                                   const AcyclicPartition& partition) {
  std::vector<double> weights(num_parts, 0);
  double cut = 0;
  EXPECT_EQ(partition.part_of.size(), num_vertices(needs));
  for (std::uint32_t v = 0; v < num_vertices(needs); ++v) {
    weights.at(partition.part_of[v]) += vertex_weights.empty() ? 1 : vertex_weights[v];
    for (std::uint32_t e = needs.offsets[v]; e < needs.offsets[v + 1]; ++e) {
      const std::uint32_t from = partition.part_of[needs.columns[e]];
      EXPECT_LE(from, partition.part_of[v]);
      if (from != partition.part_of[v]) cut += edge_weights.empty() ? 1 : edge_weights[e];
    }
  }
  EXPECT_NEAR(partition.cut, cut, 1e-9 * (1 + cut));
  return *std::max_element(weights.begin(), weights.end());
}

}  // namespace fugle::plan
