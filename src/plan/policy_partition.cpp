// The policy `partition`, declared in plan/policies.hpp: few bytes between nodes with every worker busy.
#include "plan/contest.hpp"
#include "plan/home_candidates.hpp"
#include "plan/lease_cut.hpp"
#include "plan/policies.hpp"
#include "plan/predict.hpp"

namespace fugle::plan {
namespace {

/// A plan may take this much longer than highest rank first without homes, if it moves fewer bytes.
constexpr double kTolerance = 1.01;

}  // namespace

Plan plan_partition(const Problem& problem, const PlanOptions& options) {
  Plan plan;
  if (!problem.durations_on.empty() || problem.machine.num_workers() == 1) {
    plan = plan_heft(problem, options);
  } else {
    const Plan base = highest_rank_first(problem);
    const double limit_s = predict(problem, base).makespan_s * kTolerance;
    Contest contest(problem, limit_s);
    enter_home_candidates(problem, base, options, limit_s, contest);
    plan = contest.best();
  }
  const bool has_leases = !plan.homes.empty() && problem.machine.num_workers() > 1;
  if (has_leases) plan.leases = cut_leases(problem.graph, plan.homes, problem.machine.workers);
  plan.made_by = Policy::partition;
  return plan;
}

}  // namespace fugle::plan
