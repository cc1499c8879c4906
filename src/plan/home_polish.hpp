// Fewer bytes between nodes by trial and error: for small graphs, where predict() is so fast that many homes can be
// tried.
#pragma once

#include <cstdint>

#include "plan/plan.hpp"

namespace fugle::plan {

/// Moves ends of edges that join two nodes to the other end's home, alone or in exchange for another element, and keeps
/// what does not move more bytes while the makespan stays within `limit_s` (or the plan's own, where that is longer).
/// `max_steps`: predictions made, times elements; 1e6 take about 0.3 s.
[[nodiscard]] Plan polish_homes(const Problem& problem, Plan plan, double limit_s, std::uint64_t max_steps,
                                std::uint64_t seed);

}  // namespace fugle::plan
