// HEFT and the policy of that name; declared in plan/heft.hpp and plan/policies.hpp.
#include <algorithm>
#include <cmath>
#include <limits>
#include <queue>
#include <utility>

#include "base/assert.hpp"
#include "graph/algorithms.hpp"
#include "plan/heft.hpp"
#include "plan/local_placement.hpp"
#include "plan/policies.hpp"
#include "plan/predict.hpp"
#include "plan/start_order.hpp"
#include "plan/timeline.hpp"
#include "plan/worker_choice.hpp"

namespace fugle::plan {
namespace {

constexpr std::uint64_t kMaxInsertions = 4'000'000;  // elements x workers
constexpr std::uint32_t kMaxElements = 50'000;
constexpr double kNever = std::numeric_limits<double>::infinity();

/// Over ordered pairs of different workers.
double mean_distance(const Machine& machine) {
  const double workers = machine.num_workers();
  if (workers < 2) return 0;
  std::vector<double> on_node, under_switch;
  const auto count = [](std::vector<double>& counts, std::uint32_t i) {
    if (i >= counts.size()) counts.resize(i + 1);
    ++counts[i];
  };
  for (std::uint32_t w = 0; w < machine.num_workers(); ++w) {
    count(on_node, machine.node(w));
    count(under_switch, machine.switch_of.empty() ? 0 : machine.switch_of[machine.node(w)]);
  }
  double same_node = 0, same_switch = 0;
  for (const double n : on_node) same_node += n * n;
  for (const double n : under_switch) same_switch += n * n;
  const double sum = (same_switch - same_node) + machine.switch_factor * (workers * workers - same_switch);
  return sum / (workers * (workers - 1));
}

/// Ways of equal length have equal ranks, whatever the order in which they were added up.
std::vector<double> to_nanoseconds(std::vector<double> seconds) {
  for (double& s : seconds) s = std::round(s * 1e9) / 1e9;
  return seconds;
}

class Inserter {
 public:
  explicit Inserter(const Problem& problem) : problem_(problem), placements_(problem.graph.num_elements()) {
    timelines_.reserve(problem.machine.num_workers());
    for (const Slot& slot : problem.machine.workers) timelines_.emplace_back(slot);
  }

  std::vector<Placement> run(const std::vector<std::uint32_t>& sequence) && {
    for (const std::uint32_t e : sequence) place(e);
    return std::move(placements_);
  }

 private:
  void place(std::uint32_t e) {
    const graph::Request& request = problem_.graph.task_of(ElementId(e)).request;
    double ready = 0;
    for (const std::uint32_t need : problem_.graph.needs(ElementId(e)))
      ready = std::max(ready, placements_[need].end_s);
    placements_[e] = {ready, kNever, WorkerId{}};
    if (ready == kNever) return;
    if (problem_.graph.is_gate(ElementId(e))) {
      placements_[e].end_s = ready;
      return;
    }
    for (std::uint32_t w = 0; w < timelines_.size(); ++w) {
      if (!can_hold(problem_.machine.workers[w], request)) continue;
      const double duration = std::max(problem_.duration(e, w), 0.0);
      const double start =
          timelines_[w].earliest_start(std::max(ready, arrival_s(problem_, placements_, e, w)), duration, request);
      if (start + duration < placements_[e].end_s) placements_[e] = {start, start + duration, WorkerId(w)};
    }
    const Placement& placed = placements_[e];
    if (placed.worker.is_valid())
      timelines_[placed.worker.value()].take(placed.start_s, placed.end_s - placed.start_s, request);
  }

  const Problem& problem_;
  std::vector<Timeline> timelines_;  ///< [worker]
  std::vector<Placement> placements_;
};

bool are_identical(const Machine& machine) {
  return std::all_of(machine.workers.begin(), machine.workers.end(),
                     [&](const Slot& slot) { return slot == machine.workers.front(); });
}

}  // namespace

std::vector<double> upward_ranks(const Problem& problem) {
  const graph::Graph& graph = problem.graph;
  if (problem.machine.seconds_per_byte <= 0) return to_nanoseconds(graph::upward_ranks(graph, problem.durations));
  const double seconds_per_byte = problem.machine.seconds_per_byte * mean_distance(problem.machine);
  std::vector<double> ranks(problem.durations.begin(), problem.durations.end());
  std::vector<double> behind(ranks.size(), 0);  // the longest way after the element
  const std::vector<std::uint32_t> order = graph::topological_order(graph);
  for (auto it = order.rbegin(); it != order.rend(); ++it) {
    const std::uint32_t e = *it;
    ranks[e] += behind[e];
    const auto needs = graph.needs(ElementId(e));
    for (std::size_t i = 0; i < needs.size(); ++i) {
      const double way = ranks[e] + problem.bytes_of_need(e, i) * seconds_per_byte;
      behind[needs[i]] = std::max(behind[needs[i]], way);
    }
  }
  return to_nanoseconds(std::move(ranks));
}

// Ranks of gates equal those of what they gate: hence not a mere sort.
std::vector<std::uint32_t> heft_sequence(const graph::Graph& graph, const std::vector<double>& ranks) {
  const std::vector<std::uint32_t> position = start_order(graph, ranks);
  std::vector<std::uint32_t> element_at(position.size()), missing(position.size()), sequence;
  std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>> open;
  sequence.reserve(position.size());
  for (std::uint32_t e = 0; e < position.size(); ++e) {
    element_at[position[e]] = e;
    missing[e] = static_cast<std::uint32_t>(graph.needs(ElementId(e)).size());
    if (missing[e] == 0) open.push(position[e]);
  }
  while (!open.empty()) {
    const std::uint32_t e = element_at[open.top()];
    open.pop();
    sequence.push_back(e);
    for (const std::uint32_t s : graph.successors(ElementId(e)))
      if (--missing[s] == 0) open.push(position[s]);
  }
  return sequence;
}

HeftMethod heft_method_for(const Problem& problem) {
  if (problem.has_parties()) return HeftMethod::list;  // the others place on one worker at a time
  const std::uint64_t elements = problem.graph.num_elements();
  if (elements <= kMaxElements && elements * problem.machine.num_workers() <= kMaxInsertions)
    return HeftMethod::insertion;
  const bool is_uniform = problem.durations_on.empty() && are_identical(problem.machine);
  return is_uniform && problem.machine.seconds_per_byte <= 0 ? HeftMethod::list : HeftMethod::local;
}

HeftSchedule heft_schedule(const Problem& problem, const std::vector<double>& ranks, HeftMethod method) {
  FUGLE_EXPECT(ranks.size() == problem.graph.num_elements());
  HeftSchedule schedule;
  schedule.sequence = heft_sequence(problem.graph, ranks);
  if (method == HeftMethod::insertion) {
    schedule.placements = Inserter(problem).run(schedule.sequence);
  } else if (method == HeftMethod::local) {
    schedule.placements = place_near_inputs(problem, schedule.sequence, 0);
  } else {
    Plan plan;
    plan.priority = effective_priorities(problem.graph);
    plan.order = start_order(plan.priority, ranks);
    schedule.placements = predict(problem, plan).placements;
  }
  for (const Placement& placement : schedule.placements)
    if (placement.worker.is_valid()) schedule.makespan_s = std::max(schedule.makespan_s, placement.end_s);
  return schedule;
}

Plan highest_rank_first(const Problem& problem) {
  Plan plan;
  plan.priority = effective_priorities(problem.graph);
  plan.order = start_order(plan.priority, upward_ranks(problem));
  plan.made_by = Policy::heft;
  return plan;
}

Plan plan_heft(const Problem& problem, const PlanOptions& /*options*/) {
  const std::vector<double> ranks = upward_ranks(problem);
  const HeftSchedule schedule = heft_schedule(problem, ranks, heft_method_for(problem));
  Plan plan;
  plan.priority = effective_priorities(problem.graph);
  plan.order = start_order(plan.priority, ranks);
  plan.homes = homes_of(problem.graph, schedule.placements);
  plan.made_by = Policy::heft;
  return plan;
}

}  // namespace fugle::plan
