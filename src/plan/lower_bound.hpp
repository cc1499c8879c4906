// What no schedule can beat: the yardstick of plans and of finished runs.
#pragma once

#include <span>

#include "graph/graph.hpp"
#include "plan/slot.hpp"

namespace fugle::plan {

/// No schedule of all elements can be shorter: the largest of critical path, area per resource, and head-area-tail
/// (over thresholds a, b: a + (work that can neither start before a nor end later than b before the end) / cores + b).
struct LowerBound {
  double seconds = 0;
  const char* binding = "critical path";  ///< "critical path", "cores", "memory", "head-area-tail"
};

/// O((V + E) log V). Memory counts where all workers count it, with the requests that name an amount.
[[nodiscard]] LowerBound lower_bound(const graph::Graph& graph, std::span<const Slot> workers,
                                     std::span<const double> durations);

}  // namespace fugle::plan
