// The policy `auto`, declared in plan/policies.hpp: which plan is chosen, and how much thought goes into it.
//
// Effort 0: heft; fifo where durations are guesses. Guessed durations up to effort 3: HEFT-local with leases, about 1 s
// per million elements; the order alone where nothing needs anything. Else fifo, heft and the candidates of
// home_candidates.hpp are predicted. Up to 5,000 elements the order is searched as well, with search_steps() of the
// effort; then the plan with the fewest bytes wins that is within 0.1 % of the shortest and not longer than fifo's or
// heft's, unless one of those is likely to be shorter once lengths differ a little (robustness.hpp). Beyond: the one
// with the fewest bytes within 1 % of the shorter of fifo and heft.
#include <algorithm>
#include <utility>
#include <vector>

#include "plan/contest.hpp"
#include "plan/heft.hpp"
#include "plan/home_candidates.hpp"
#include "plan/lease_cut.hpp"
#include "plan/local_placement.hpp"
#include "plan/lower_bound.hpp"
#include "plan/policies.hpp"
#include "plan/predict.hpp"
#include "plan/robustness.hpp"
#include "plan/search.hpp"
#include "plan/start_order.hpp"

namespace fugle::plan {
namespace {

/// Up to so many elements the order is searched too, and the plan is not longer than fifo's and heft's by anything.
constexpr std::uint32_t kSmall = 5'000;
/// How much longer than the shortest plan known one with fewer bytes may be; for small graphs and others.
constexpr double kSmallTolerance = 1.001;
constexpr double kTolerance = 1.01;
/// How much longer the chosen plan may be likely to take than another.
constexpr double kClearly = 1.005;
/// Mean durations that a task may wait for its inputs' worker where durations are guesses.
constexpr double kSlack = 5;

Plan with_leases(const Problem& problem, Plan plan) {
  if (plan.leases.empty() && !plan.homes.empty() && problem.machine.num_workers() > 1)
    plan.leases = cut_leases(problem.graph, plan.homes, problem.machine.workers);
  return plan;
}

/// Nobody knows how long anything takes: near to the inputs, and no more thought.
Plan plan_by_guess(const Problem& problem) {
  const std::vector<double> ranks = upward_ranks(problem);
  Plan plan;
  plan.priority = effective_priorities(problem.graph);
  plan.order = start_order(plan.priority, ranks);
  const auto sequence = heft_sequence(problem.graph, ranks);
  const auto first = std::find_if(problem.durations.begin(), problem.durations.end(), [](double d) { return d > 0; });
  const double typical_s = first == problem.durations.end() ? 1 : *first;
  plan.homes = homes_of(problem.graph, place_near_inputs(problem, sequence, kSlack * typical_s));
  plan.made_by = Policy::partition;
  return with_leases(problem, std::move(plan));
}

/// By id until something is learned during the run.
Plan order_by_guess(const Problem& problem) {
  Plan plan = highest_rank_first(problem);
  plan.made_by = Policy::heft;
  return plan;
}

/// The best, unless another is likely to be clearly shorter in a real run.
Plan more_robust(const Problem& problem, Plan best, std::vector<Plan> others, std::uint64_t seed) {
  double least_s = likely_makespan(problem, best, seed) / kClearly;
  for (Plan& other : others) {
    const double likely_s = likely_makespan(problem, other, seed);
    if (likely_s >= least_s) continue;
    least_s = likely_s;
    best = std::move(other);
  }
  return best;
}

}  // namespace

Plan plan_auto(const Problem& problem, const PlanOptions& options) {
  const bool is_guess = !problem.are_durations_known && options.effort <= 3;
  if (options.effort <= 0) return is_guess ? plan_fifo(problem, options) : plan_heft(problem, options);
  if (is_guess) return problem.graph.num_edges() > 0 ? plan_by_guess(problem) : order_by_guess(problem);

  Plan fifo = plan_fifo(problem, options), heft = plan_heft(problem, options);
  const double known_s = std::min(predict(problem, fifo).makespan_s, predict(problem, heft).makespan_s);
  const bool is_small = problem.graph.num_elements() <= kSmall;
  const double bound_s = is_small ? lower_bound(problem).seconds : 0;
  Plan base = heft;
  double shortest_s = known_s;
  if (is_small && known_s > bound_s * (1 + 1e-9)) {
    const std::uint64_t steps = search_steps(options.effort, known_s);
    base = search(problem, {heft, fifo}, {.max_steps = steps, .seed = options.seed, .stop_at_s = bound_s});
    shortest_s = std::min(shortest_s, predict(problem, base).makespan_s);
  }
  const double limit_s = is_small ? std::min(known_s, shortest_s * kSmallTolerance) : known_s * kTolerance;
  Contest contest(problem, limit_s);
  contest.enter(heft);
  contest.enter(fifo);
  contest.enter(base);
  if (problem.durations_on.empty() && problem.machine.num_workers() > 1) {
    base.made_by = Policy::partition;
    enter_home_candidates(problem, base, options, limit_s, contest);
  }
  Plan best = contest.best();
  if (is_small && problem.durations_on.empty())
    best = more_robust(problem, std::move(best), {heft, base, fifo}, options.seed);
  return with_leases(problem, std::move(best));
}

}  // namespace fugle::plan
