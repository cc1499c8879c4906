// Multilevel partition of a DAG into parts of nearly equal weight with few bytes on the edges between them, such that
// the parts themselves form a DAG (Herrmann, Ozkaya, Ucar, Kaya, Catalyurek, SIAM J. Sci. Comput. 41(4), 2019). It
// decides what is granted together: parts that need each other in one direction only can be run one by one.
// As a plan by itself it is poor: acyclic parts of a layered graph run one after another (see plan/plan.hpp).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "graph/graph.hpp"

namespace fugle::plan {

struct PartitionOptions {
  std::uint32_t num_parts = 2;
  double balance = 1.03;  ///< largest part / (total weight / num_parts), as far as single weights allow it
  std::uint64_t seed = 1;
};

struct AcyclicPartition {
  std::vector<std::uint32_t> part_of;  ///< [vertex] 0 .. num_parts-1; an edge never goes to a smaller part
  double cut = 0;                      ///< sum of the weights of edges between parts
};

/// `needs`: rows of predecessors (graph::Rows), acyclic. `edge_weights` parallel to needs.columns, empty: 1 each;
/// `vertex_weights` [vertex], empty: 1 each.
[[nodiscard]] AcyclicPartition partition_acyclic(const graph::Rows& needs, std::span<const double> vertex_weights,
                                                 std::span<const double> edge_weights, const PartitionOptions& options);

}  // namespace fugle::plan
