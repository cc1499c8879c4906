// What the head of a run starts from: the plan for the workers there are, how long attempts may take, and when the
// allocation ends.
#pragma once

#include <vector>

#include "app/walltime.hpp"
#include "plan/learned_durations.hpp"
#include "plan/plan.hpp"
#include "plan/problem.hpp"
#include "scheduler/run_state.hpp"

namespace fugle::app {

struct RunPlan {
  plan::Plan plan;
  std::vector<float> known_s;     ///< [element] as HeadOptions wants them
  std::vector<float> expected_s;  ///< the same
  AllocationEnd allocation;
};

/// The rest of a run: what counts as OK in `state` takes no time any more.
[[nodiscard]] RunPlan make_run_plan(const scheduler::RunState& state, const plan::Machine& machine,
                                    plan::KnownDurations durations, const plan::PlanOptions& options,
                                    const AllocationEnd& allocation);

}  // namespace fugle::app
