// Search for better schedules of small graphs: anytime, deterministic by seed, counted in steps and not in time.
#pragma once

#include <cstdint>
#include <vector>

#include "plan/placement.hpp"
#include "plan/plan.hpp"
#include "plan/predict.hpp"

namespace fugle::plan {

struct SearchOptions {
  std::uint64_t max_steps = 0;  ///< schedules built, times elements, about: 1e7 takes about a second
  std::uint64_t seed = 1;
  double stop_at_s = 0;  ///< a makespan that needs no improvement; the lower bound is one in any case
  /// The schedule may also leave room free for an element that comes later, or keep elements waiting for one worker
  /// while another is free. No run does that, so the plan may be longer than the schedule.
  bool may_wait = false;
};

struct SearchResult {
  Plan plan;                        ///< see search()
  std::vector<Placement> schedule;  ///< [element] the shortest found; without may_wait the prediction of `plan`
  double makespan_s = 0;            ///< of `schedule`
  bool is_proven_optimal = false;   ///< no schedule is shorter
};

/// A plan at least as good (by predicted makespan, then by bytes between nodes) as the best of `starts`. Identical
/// workers are searched as a pool (pool_search.hpp), others with homes (worker_search.hpp), tiny problems completely
/// (branch_and_bound.hpp). Returns at once when the lower bound is reached, and when elements fit on no worker.
[[nodiscard]] Plan search(const Problem& problem, std::vector<Plan> starts, const SearchOptions& options);

/// The same with the schedule; `starts` may be empty: then the longest tails go first.
[[nodiscard]] SearchResult search_schedule(const Problem& problem, std::vector<Plan> starts,
                                           const SearchOptions& options);

}  // namespace fugle::plan
