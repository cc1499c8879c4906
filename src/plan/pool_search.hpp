// Schedules of a pool by a genetic algorithm over lists with forward-backward improvement: each list becomes a
// schedule, the schedule is pushed to the right against its end and back to the left (Valls, Ballestin, Quintanilla,
// EJOR 165, 2005, "double justification"), and the order of its starts is what is inherited. Deterministic by seed.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "plan/schedule_generation.hpp"
#include "plan/search_pool.hpp"

namespace fugle::plan {

struct PoolSearchOptions {
  std::uint64_t max_steps = 0;  ///< see SearchOptions
  std::uint64_t seed = 1;
  double stop_at_s = 0;                      ///< a makespan that needs no improvement
  bool may_wait = false;                     ///< a schedule may leave room free for a task that comes later
  std::span<const std::int32_t> priorities;  ///< [task] higher ones always go first; empty: all the same
};

struct PoolSearchResult {
  Timetable best;
  std::vector<std::uint32_t> list;  ///< of which the parallel scheme makes the best schedule it made
  double bound_s = 0;               ///< no schedule is shorter; raised while there is time
  double list_makespan_s = 0;       ///< that of `best` unless it waits
  std::uint64_t steps = 0;
};

/// At least as good as the parallel schedules of `starts` (lists, any permutations) and of the longest tail first.
[[nodiscard]] PoolSearchResult search_pool(const Pool& pool, std::span<const std::vector<std::uint32_t>> starts,
                                           const PoolSearchOptions& options);

}  // namespace fugle::plan
