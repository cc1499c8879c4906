// Search for better schedules of small graphs: anytime, deterministic by seed, counted in steps and not in time.
#pragma once

#include <cstdint>
#include <vector>

#include "plan/plan.hpp"
#include "plan/predict.hpp"

namespace fugle::plan {

struct SearchOptions {
  std::uint64_t max_steps = 0;  ///< schedules built, times elements, about: 1e7 takes about a second
  std::uint64_t seed = 1;
  double stop_at_s = 0;  ///< a makespan that needs no improvement: the lower bound
};

/// A plan at least as good (by predicted makespan, then by bytes between nodes) as the best of `starts`.
[[nodiscard]] Plan search(const Problem& problem, std::vector<Plan> starts, const SearchOptions& options);

}  // namespace fugle::plan
