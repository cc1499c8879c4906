#include "app/run_plan.hpp"

#include <utility>

#include "plan/durations.hpp"

namespace fugle::app {

namespace {

/// The workers that run tasks, without a head that only leads.
struct Crew {
  plan::Machine machine;
  std::vector<WorkerId> ids;  ///< [worker of `machine`]
};

Crew crew_of(const plan::Machine& all) {
  Crew crew{all, {}};
  crew.machine.workers.clear();
  crew.machine.node_of.clear();
  for (std::uint32_t w = 0; w < all.num_workers(); ++w) {
    if (all.workers[w].cores == 0) continue;
    crew.ids.emplace_back(w);
    crew.machine.workers.push_back(all.workers[w]);
    crew.machine.node_of.push_back(all.node(w));
  }
  return crew;
}

}  // namespace

RunPlan make_run_plan(const scheduler::RunState& state, const plan::Machine& machine, plan::KnownDurations durations,
                      const plan::PlanOptions& options, const AllocationEnd& allocation) {
  const graph::Graph flat = state.graph().has_grown() ? state.graph().compressed() : graph::Graph();
  const graph::Graph& graph = state.graph().has_grown() ? flat : state.graph();
  for (std::uint32_t e = 0; e < graph.num_elements(); ++e)
    if (state.counts_as_ok(ElementId(e)) || graph.task_of(ElementId(e)).runs_finally) durations.seconds[e] = 0;
  plan::take_nothing_where_skipped(graph, durations.seconds);
  Crew crew = crew_of(machine);
  // Nobody is there to run anything, so that any order will do.
  if (crew.ids.empty()) crew = {{{plan::Slot{}}, {}, {}}, {WorkerId(0)}};
  RunPlan run_plan;
  run_plan.plan = make_plan({graph, crew.machine, durations.seconds, {}, durations.are_mostly_known()}, options);
  for (WorkerId& home : run_plan.plan.homes)
    if (home.is_valid()) home = crew.ids[home.value()];
  run_plan.known_s = std::move(durations.known_s);
  run_plan.expected_s = std::move(durations.at_most_s);
  run_plan.allocation = allocation;
  return run_plan;
}

}  // namespace fugle::app
