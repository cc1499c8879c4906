// The policy `partition`, declared in plan/policies.hpp: few bytes between nodes with every worker busy.
#include <algorithm>

#include "graph/algorithms.hpp"
#include "plan/contest.hpp"
#include "plan/home_candidates.hpp"
#include "plan/lease_cut.hpp"
#include "plan/policies.hpp"
#include "plan/predict.hpp"

namespace fugle::plan {
namespace {

/// A plan that moves fewer bytes may take this much longer than highest rank first without homes, or than a lower
/// bound.
constexpr double kTolerance = 1.01;
constexpr double kBoundTolerance = 1.03;

/// The larger of critical path and area: quick, and good enough where elements are many.
double quick_bound(const Problem& problem) {
  const graph::Graph& graph = problem.graph;
  double cores = 0, core_s = 0;
  for (const Slot& slot : problem.machine.workers) cores += slot.cores;
  for (std::uint32_t e = 0; e < graph.num_elements(); ++e)
    core_s +=
        graph.task_of(ElementId(e)).request.cores * graph.task_of(ElementId(e)).shape.spread().workers * problem.durations[e];
  const std::vector<double> ranks = graph::upward_ranks(graph, problem.durations);
  const double critical_path_s = ranks.empty() ? 0 : *std::max_element(ranks.begin(), ranks.end());
  return std::max(critical_path_s, core_s / cores);
}

/// What has no home is at home where it is predicted to run: then it is granted in leases too.
std::vector<WorkerId> homes_as_predicted(const Problem& problem, const Plan& plan) {
  return homes_of(problem.graph, predict(problem, plan).placements);
}

}  // namespace

Plan plan_partition(const Problem& problem, const PlanOptions& options) {
  Plan plan;
  if (!problem.durations_on.empty() || problem.machine.num_workers() == 1) {
    plan = plan_heft(problem, options);
  } else {
    const Plan base = highest_rank_first(problem);
    const double limit_s =
        std::max(predict(problem, base).makespan_s * kTolerance, quick_bound(problem) * kBoundTolerance);
    Contest contest(problem, limit_s);
    enter_home_candidates(problem, base, options, limit_s, contest);
    plan = contest.best();
    if (plan.homes.empty()) plan.homes = homes_as_predicted(problem, plan);
    plan.leases = cut_leases(problem.graph, plan.homes, problem.machine.workers);
  }
  plan.made_by = Policy::partition;
  return plan;
}

}  // namespace fugle::plan
