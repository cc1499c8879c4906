// How long a plan is likely to take when lengths are not exactly those it was made for. A schedule that was searched to
// the last percent may owe it to coincidences which no real run repeats.
#pragma once

#include <cstdint>

#include "plan/plan.hpp"
#include "plan/problem.hpp"

namespace fugle::plan {

/// Mean makespan in seconds of a few predictions, each with all durations changed by up to half a per cent and a
/// millisecond. The same seed gives the same changes to every plan.
[[nodiscard]] double likely_makespan(const Problem& problem, const Plan& plan, std::uint64_t seed);

}  // namespace fugle::plan
