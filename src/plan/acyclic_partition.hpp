// Multilevel partition of a DAG into parts of nearly equal weight with few bytes on the edges between them, such that
// the parts themselves form a DAG (Herrmann, Ozkaya, Ucar, Kaya, Catalyurek, SIAM J. Sci. Comput. 41(4), 2019). It
// decides what is granted together: parts that need each other in one direction only can be run one by one.
// As a plan by itself it is poor: acyclic parts of a layered graph run one after another (see plan/plan.hpp).
//
// How: number topologically (Boost.Graph); where the graph is large, coarsen it first (acyclic_coarsening); bisect
// again and again, each time by several multilevel tries that are combined (acyclic_bisection); refine all parts
// together on all levels (acyclic_multilevel, acyclic_refinement). Measured: bench/partition_quality.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "graph/graph.hpp"

namespace fugle::plan {

struct PartitionOptions {
  std::uint32_t num_parts = 2;  ///< at least 1; parts may stay empty
  /// Largest part / (total weight / num_parts), at least 1. Exceeded only where single vertices are too heavy for it,
  /// or no partition in order is found that keeps it: 10 vertices in 4 parts are 3 in the largest.
  double balance = 1.03;
  std::uint64_t seed = 1;
  std::uint32_t tries = 4;  ///< of each bisection, at least 1; quality and time grow with it
};

struct AcyclicPartition {
  std::vector<std::uint32_t> part_of;  ///< [vertex] 0 .. num_parts-1; an edge never goes to a smaller part
  double cut = 0;                      ///< sum of the weights of edges between parts
};

/// `needs`: rows of predecessors (graph::Rows), acyclic. `edge_weights` parallel to needs.columns, empty: 1 each;
/// `vertex_weights` [vertex], empty: 1 each; neither below 0. Where all vertices weigh 0 each counts as 1.
/// Equal arguments give equal parts. Time is near linear: 1,000,000 vertices with 3,000,000 edges take seconds.
[[nodiscard]] AcyclicPartition partition_acyclic(const graph::Rows& needs, std::span<const double> vertex_weights,
                                                 std::span<const double> edge_weights, const PartitionOptions& options);

}  // namespace fugle::plan
