#include "plan/search.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <span>
#include <utility>

#include "graph/algorithms.hpp"
#include "plan/branch_and_bound.hpp"
#include "plan/lower_bound.hpp"
#include "plan/pool_search.hpp"
#include "plan/start_order.hpp"
#include "plan/worker_search.hpp"

namespace fugle::plan {
namespace {

constexpr std::uint32_t kMaxExactElements = 14;
constexpr std::uint32_t kMaxExactWorkers = 32;
constexpr double kTolerance = 1 + 1e-9;  // of sums of the same numbers in another order

class Session {
 public:
  Session(const Problem& problem, const SearchOptions& options)
      : problem_(problem), options_(options), bound_s_(lower_bound(problem).seconds) {
    result_.makespan_s = std::numeric_limits<double>::infinity();
  }

  SearchResult run(std::vector<Plan> starts) && {
    if (starts.empty()) starts.push_back(longest_tails_first());
    priorities_ = starts.front().priority;
    for (const Plan& plan : starts) offer(plan);
    if (prediction_.num_unplaced == 0 && problem_.graph.num_real_elements() > 0) search(std::move(starts));
    result_.is_proven_optimal = prediction_.num_unplaced == 0 && result_.makespan_s <= bound_s_ * kTolerance;
    return std::move(result_);
  }

 private:
  bool is_done() const { return steps_ >= options_.max_steps || result_.makespan_s <= target(); }
  double target() const { return std::max(options_.stop_at_s, bound_s_) * kTolerance; }
  std::uint64_t steps_left() const { return options_.max_steps - std::min(steps_, options_.max_steps); }

  Plan longest_tails_first() const {
    Plan plan;
    plan.priority = effective_priorities(problem_.graph);
    plan.order = start_order(plan.priority, graph::upward_ranks(problem_.graph, problem_.durations));
    return plan;
  }

  void offer(const Plan& plan) {
    Prediction prediction = predict(problem_, plan);
    const bool is_first = result_.plan.order.empty();
    const bool is_better = prediction.makespan_s != prediction_.makespan_s
                               ? prediction.makespan_s < prediction_.makespan_s
                               : prediction.bytes_between_nodes < prediction_.bytes_between_nodes;
    if (!is_first && !is_better) return;
    const Policy made_by = is_first ? plan.made_by : result_.plan.made_by;
    result_.plan = plan;
    if (plan.was_searched) result_.plan.made_by = made_by;
    if (prediction.makespan_s <= result_.makespan_s) {
      result_.makespan_s = prediction.makespan_s;
      result_.schedule = prediction.placements;
    }
    prediction_ = std::move(prediction);
  }

  void offer_searched(Plan plan) {
    plan.was_searched = true;
    offer(plan);
  }

  void offer_schedule(std::vector<Placement> schedule, double makespan_s) {
    if (!options_.may_wait || makespan_s >= result_.makespan_s) return;
    result_.schedule = std::move(schedule);
    result_.makespan_s = makespan_s;
  }

  void search(std::vector<Plan> starts) {
    const bool is_tiny = !problem_.has_parties() && problem_.graph.num_elements() <= kMaxExactElements &&
                         problem_.machine.num_workers() <= kMaxExactWorkers;
    if (is_tiny && !is_done()) search_exactly(starts);
    if (is_done()) return;
    if (const std::optional<Pool> pool = pool_of(problem_)) {
      search_in_pool(*pool, starts);
    } else {
      search_homes(starts);
    }
  }

  void search_exactly(std::vector<Plan>& starts) {
    const WorkerModel model = worker_model_of(problem_);
    const ExactResult exact =
        branch_and_bound(model, {result_.makespan_s, bound_s_ * kTolerance, options_.max_steps / 2});
    steps_ += exact.steps;
    if (exact.is_complete) bound_s_ = std::max(bound_s_, exact.makespan_s);
    if (exact.starts.empty()) return;
    Assignment assignment{{}, std::vector<WorkerId>(model.num_tasks())};
    std::vector<Placement> schedule(model.num_tasks());
    std::vector<double> keys(model.num_tasks());
    for (std::uint32_t task = 0; task < model.num_tasks(); ++task) {
      const auto [start, worker] = exact.starts[task];
      const std::uint32_t e = model.original_of[task];
      keys[e] = start;
      schedule[e] = {start, start + model.duration(task, worker), WorkerId(worker)};
      if (problem_.graph.is_gate(ElementId(e))) schedule[e].worker = WorkerId{};
      assignment.homes[e] = schedule[e].worker;
    }
    assignment.list = feasible_list(problem_.graph, keys);
    offer_schedule(std::move(schedule), exact.makespan_s);
    starts.push_back(plan_of(problem_, assignment, priorities_));
    offer_searched(starts.back());
  }

  void search_in_pool(const Pool& pool, const std::vector<Plan>& starts) {
    std::vector<std::vector<std::uint32_t>> lists;
    for (const Plan& plan : starts) lists.push_back(list_of(plan));
    const PoolSearchResult found =
        search_pool(pool, lists, {steps_left(), options_.seed, target() / kTolerance, options_.may_wait, priorities_});
    steps_ += found.steps;
    bound_s_ = std::max(bound_s_, found.bound_s);
    offer_searched(plan_of(problem_, {found.list, std::vector<WorkerId>(found.list.size())}, priorities_));
    if (!options_.may_wait) return;
    offer_schedule(placements_of(problem_, found.best.starts, found.best.by_start), found.best.makespan_s);
  }

  void search_homes(const std::vector<Plan>& starts) {
    std::vector<Assignment> assignments;
    for (const Plan& plan : starts) {
      const std::vector<std::uint32_t> list = list_of(plan);
      std::vector<double> keys(list.size());
      for (std::uint32_t position = 0; position < list.size(); ++position) keys[list[position]] = position;
      assignments.push_back({feasible_list(problem_.graph, keys), plan.homes});
      assignments.back().homes.resize(list.size());
    }
    const WorkerSearchResult found =
        search_workers(problem_, assignments,
                       {steps_left(), options_.seed, target() / kTolerance,
                        options_.may_wait ? Evaluation::schedule : Evaluation::run, priorities_});
    offer_searched(plan_of(problem_, found.assignment, priorities_));
    offer_schedule(found.outcome.placements, found.outcome.makespan_s);
  }

  std::vector<std::uint32_t> list_of(const Plan& plan) const {
    std::vector<std::uint32_t> list(plan.order.size());
    for (std::uint32_t e = 0; e < list.size(); ++e) list[plan.order[e]] = e;
    return list;
  }

  const Problem& problem_;
  SearchOptions options_;
  double bound_s_;
  std::vector<std::int32_t> priorities_;
  std::uint64_t steps_ = 0;
  Prediction prediction_;  ///< of result_.plan
  SearchResult result_;
};

}  // namespace

SearchResult search_schedule(const Problem& problem, std::vector<Plan> starts, const SearchOptions& options) {
  return Session(problem, options).run(std::move(starts));
}

Plan search(const Problem& problem, std::vector<Plan> starts, const SearchOptions& options) {
  return search_schedule(problem, std::move(starts), options).plan;
}

}  // namespace fugle::plan
