// What no schedule can beat: the yardstick of plans and of finished runs.
#pragma once

#include <cstdint>
#include <span>

#include "graph/graph.hpp"
#include "plan/energetic_bound.hpp"
#include "plan/problem.hpp"
#include "plan/search_pool.hpp"
#include "plan/slot.hpp"

namespace fugle::plan {

/// No schedule of all elements can be shorter: the largest of critical path, area per resource, head-area-tail (over
/// thresholds a, b: a + (work that can neither start before a nor end later than b before the end) / capacity + b) and
/// packing (where K run at once, K x j + 1 elements make one place run j + 1 of them).
struct LowerBound {
  double seconds = 0;
  const char* binding = "critical path";  ///< or "cores", "memory", "gpus", "nodes", "resource", "head-area-tail",
                                          ///< "packing"
};

/// O((V + E) log V) per counted resource. Memory counts where all workers count it. On unrelated machines each element
/// takes its shortest time; moving data takes none. The duration of a service is how long it takes to be ready; what it
/// holds from then on is not counted.
[[nodiscard]] LowerBound lower_bound(const Problem& problem);
/// Each worker is a node of its own, as far as is known.
[[nodiscard]] LowerBound lower_bound(const graph::Graph& graph, std::span<const Slot> workers,
                                     std::span<const double> durations);
[[nodiscard]] LowerBound lower_bound(const Pool& pool);

/// A lower bound between `lower_s`, a known one, and `upper_s`, the length of a known schedule (energetic_bound.hpp).
[[nodiscard]] EnergeticResult tightened(const Pool& pool, double lower_s, double upper_s, std::uint64_t max_steps);

}  // namespace fugle::plan
