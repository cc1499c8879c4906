// The optimum of tiny problems, by trying all orders of starts: depth first, pruned by what is left at least. Workers
// may differ in speed and capacity, and data may take time. Deterministic; no clock.
#pragma once

#include <cstdint>
#include <vector>

#include "plan/worker_model.hpp"

namespace fugle::plan {

struct ExactOptions {
  double better_than_s = 0;     ///< only schedules shorter than this are of interest
  double stop_at_s = 0;         ///< a makespan that needs no improvement
  std::uint64_t max_steps = 0;  ///< see SearchOptions
};

struct ExactStart {
  double start_s = 0;
  std::uint32_t worker = 0;
};

struct ExactResult {
  std::vector<ExactStart> starts;  ///< [task of the model]; empty: nothing shorter was found
  double makespan_s = 0;           ///< of `starts`, else better_than_s
  bool is_complete = false;        ///< no schedule is shorter than makespan_s
  std::uint64_t steps = 0;
};

/// Tasks start one after another in time, at the earliest time that fits on the worker chosen; schedules in which a
/// task could start earlier without changing the rest are left out (they are never needed: Sprecher, Kolisch, Drexl,
/// EJOR 80, 1995). At each node a task that is ready and its longest way to the end, and the work left over all
/// workers, prune what cannot be shorter than the best.
[[nodiscard]] ExactResult branch_and_bound(const WorkerModel& model, const ExactOptions& options);

}  // namespace fugle::plan
