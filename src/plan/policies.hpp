// The policies, one file each; make_plan() has the table. All leave elements whose task chooses its place (`place:
// spread`, `near`) without a home, put higher effective priorities first, and are deterministic.
#pragma once

#include <span>
#include <vector>

#include "plan/placement.hpp"
#include "plan/plan.hpp"

namespace fugle::plan {

/// Breadth first: by the number of steps from a source, then by id; no homes. O(V + E).
[[nodiscard]] Plan plan_fifo(const Problem& problem, const PlanOptions& options);

/// By falling upward rank; homes as heft_schedule() places them.
[[nodiscard]] Plan plan_heft(const Problem& problem, const PlanOptions& options);

/// Few bytes between nodes and every worker busy in every band of time (see band_partition.hpp).
[[nodiscard]] Plan plan_partition(const Problem& problem, const PlanOptions& options);

/// The one of the others whose prediction is best: smallest makespan, within 1 % of it the fewest bytes between nodes.
[[nodiscard]] Plan plan_auto(const Problem& problem, const PlanOptions& options);

/// By falling effective priority and upward rank, without homes: what a machine does that follows an order alone.
[[nodiscard]] Plan highest_rank_first(const Problem& problem);

/// [element] where the schedule has it; none for elements whose task chooses its place.
[[nodiscard]] std::vector<WorkerId> homes_of(const graph::Graph& graph, std::span<const Placement> placements);

}  // namespace fugle::plan
