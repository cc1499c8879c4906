// Many ways to give elements homes, one contest.
#pragma once

#include "plan/contest.hpp"
#include "plan/plan.hpp"

namespace fugle::plan {

/// Enters plans with the order and priorities of `base` (and some depth-first) into the contest: no homes, where `base`
/// itself runs things, HEFT-local with two slacks, a depth-first cut, band partitions of several band lengths, the best
/// of these annealed. Fewer where making all of them would take more than 1 % of the makespan and more than 2 s (by a
/// fixed estimate per element), and above 500,000 elements. Then, for small graphs, polishes the best.
/// `limit_s` is that of the contest.
void enter_home_candidates(const Problem& problem, const Plan& base, const PlanOptions& options, double limit_s,
                           Contest& contest);

/// Steps that may be spent on the search of one plan: about three times as many for each step of effort; none at 0.
/// With 1e7 steps a second it takes no longer than 1 % of the makespan, or 2 s where that is longer.
[[nodiscard]] std::uint64_t search_steps(int effort, double makespan_s);

}  // namespace fugle::plan
