// Homes with few bytes between nodes and every worker busy at every time.
//
// A plain partition of a DAG into equal parts tends to run one part after another. Here balance is asked for in each
// band of time of a good schedule, and the more in the long run (TimeBands). Under that constraint: multilevel k-way
// partition. Contract pairs that share most bytes, again and again; give the coarse vertices homes in order of time;
// undo the contractions one by one, and after each move vertices where that saves bytes (Karypis, Kumar, J. Parallel
// Distrib. Comput. 48, 1998, with balance in time instead of in total).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "plan/placement.hpp"
#include "plan/problem.hpp"

namespace fugle::plan {

struct BandPartitionOptions {
  double band_s = 1;           ///< length of a band
  double tolerance = 0.1;      ///< by which a worker may exceed its share of a band (see TimeBands)
  double cluster_part = 0.5;   ///< a coarse vertex has at most this part of the mean work of a worker in a band
  int passes = 4;              ///< of refinement on each level
  int anneal_passes = 0;       ///< on the finest level
  double anneal_start = 0.35;  ///< temperature, in bytes of a mean edge
  std::uint64_t seed = 1;
};

/// [element] homes; none for gates, for elements not in the schedule, and for those that choose their place.
/// `schedule` [element]: when each would run if the machine were one pool. O(E log) time, some 200 bytes per element.
[[nodiscard]] std::vector<WorkerId> band_partition(const Problem& problem, std::span<const Placement> schedule,
                                                   const BandPartitionOptions& options);

}  // namespace fugle::plan
