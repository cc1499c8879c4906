// HEFT: Heterogeneous Earliest Finish Time (Topcuoglu, Hariri, Wu, IEEE TPDS 13(3), 2002).
#pragma once

#include <cstdint>
#include <vector>

#include "plan/placement.hpp"
#include "plan/problem.hpp"

namespace fugle::plan {

/// Seconds from the start of an element to the end of the graph along the longest way, its own duration (mean over the
/// workers) and the transfers on the way (mean over pairs of different workers) included; rounded to nanoseconds. O(V +
/// E).
[[nodiscard]] std::vector<double> upward_ranks(const Problem& problem);

/// By falling effective priority and rank, ties by id, each element after what it needs. O((V + E) log V).
[[nodiscard]] std::vector<std::uint32_t> heft_sequence(const graph::Graph& graph, const std::vector<double>& ranks);

struct HeftSchedule {
  std::vector<std::uint32_t> sequence;  ///< elements in the order in which they were placed; gates included
  std::vector<Placement> placements;    ///< [element] worker invalid: a gate, or fits nowhere, or needs what does not
  double makespan_s = 0;
};

/// How exactly a schedule is made; the first is the published algorithm.
enum class HeftMethod : std::uint8_t {
  insertion,  ///< each element ends as early as it can on any worker, also in gaps; O(V x workers x gaps looked at)
  list,       ///< event-driven; for identical workers and no transfer time, where only gaps make a difference
  local,      ///< workers of the inputs and the one free first, no gaps; O(E + V log workers)
};

/// Insertion while elements x workers is at most 4 million and there are at most 50,000 elements; beyond, `list` where
/// it applies, else `local`.
[[nodiscard]] HeftMethod heft_method_for(const Problem& problem);

/// In the order of heft_sequence(), ties between workers to the lowest.
[[nodiscard]] HeftSchedule heft_schedule(const Problem& problem, const std::vector<double>& ranks, HeftMethod method);

}  // namespace fugle::plan
