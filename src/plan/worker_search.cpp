#include "plan/worker_search.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <queue>
#include <utility>

#include "base/assert.hpp"
#include "base/random.hpp"
#include "plan/predict.hpp"
#include "plan/timeline.hpp"
#include "plan/worker_choice.hpp"

namespace fugle::plan {
namespace {

constexpr std::size_t kPopulation = 30;
constexpr std::uint64_t kStepsPerPrediction = 3;  ///< of one element or worker: it takes longer than in a pool
constexpr std::uint64_t kStepsPerInsertion = 1;   ///< of one element on one worker
constexpr double kNever = std::numeric_limits<double>::infinity();

double arrival_s(const Problem& problem, const std::vector<Placement>& placements, std::uint32_t e, std::uint32_t w) {
  double last = 0;
  const auto needs = problem.graph.needs(ElementId(e));
  for (std::size_t i = 0; i < needs.size(); ++i) {
    const Placement& need = placements[needs[i]];
    double arrival = need.end_s;
    if (need.worker.is_valid() && problem.machine.seconds_per_byte > 0 && !problem.graph.is_gate(ElementId(e))) {
      arrival += problem.machine.transfer_s(need.worker.value(), w, problem.bytes_of_need(e, i));
    }
    last = std::max(last, arrival);
  }
  return last;
}

/// Element by element in the order of the list.
class Insertion {
 public:
  explicit Insertion(const Problem& problem) : problem_(problem) {
    for (const Slot& slot : problem.machine.workers) timelines_.emplace_back(slot);
  }

  Outcome run(const Assignment& assignment) && {
    outcome_.placements.resize(assignment.list.size());
    for (const std::uint32_t e : assignment.list) {
      if (problem_.graph.is_gate(ElementId(e))) {
        const double end = arrival_s(problem_, outcome_.placements, e, 0);
        outcome_.placements[e] = {end, end, WorkerId{}};
      } else {
        place(e, assignment.homes[e]);
      }
    }
    return std::move(outcome_);
  }

 private:
  void place(std::uint32_t e, WorkerId home) {
    const graph::Request& request = problem_.graph.task_of(ElementId(e)).request;
    Placement best{0, kNever, WorkerId{}};
    if (home.is_valid() && can_hold(problem_.machine.workers[home.value()], request)) {
      best = placed_on(e, home.value(), request);
    } else {
      for (std::uint32_t w = 0; w < timelines_.size(); ++w) {
        if (!can_hold(problem_.machine.workers[w], request)) continue;
        const Placement there = placed_on(e, w, request);
        if (there.end_s < best.end_s) best = there;
      }
    }
    timelines_[best.worker.value()].take(best.start_s, best.end_s - best.start_s, request);
    outcome_.placements[e] = best;
    outcome_.makespan_s = std::max(outcome_.makespan_s, best.end_s);
  }

  Placement placed_on(std::uint32_t e, std::uint32_t w, const graph::Request& request) const {
    const double duration = std::max(problem_.duration(e, w), 0.0);
    const double ready = arrival_s(problem_, outcome_.placements, e, w);
    const double start = timelines_[w].earliest_start(ready, duration, request);
    return {start, start + duration, WorkerId(w)};
  }

  const Problem& problem_;
  std::vector<Timeline> timelines_;  ///< [worker]
  Outcome outcome_;
};

struct Individual {
  Assignment assignment;
  double makespan_s = kNever;
  double bytes = kNever;
};

bool is_better(double makespan_a, double bytes_a, double makespan_b, double bytes_b) {
  if (makespan_a != makespan_b) return makespan_a < makespan_b;
  return bytes_a < bytes_b;
}

class Evolution {
 public:
  Evolution(const Problem& problem, const WorkerSearchOptions& options)
      : problem_(problem), options_(options), random_(options.seed) {
    result_.outcome.makespan_s = kNever;
  }

  WorkerSearchResult run(std::span<const Assignment> starts) && {
    for (const Assignment& start : starts) add(start);
    for (const Assignment& start : starts) {
      if (!is_done()) add({start.list, std::vector<WorkerId>(start.list.size())});
    }
    while (population_.size() < kPopulation && !is_done()) {
      Assignment variant = population_[random_.below(population_.size())].assignment;
      mutate(variant);
      add(std::move(variant));
    }
    while (!is_done()) {
      Assignment child = crossed(chosen(), chosen());
      mutate(child);
      add(std::move(child));
    }
    return std::move(result_);
  }

 private:
  bool is_done() const {
    return steps_ >= options_.max_steps || result_.outcome.makespan_s <= options_.stop_at_s * (1 + 1e-12);
  }

  Outcome evaluate(const Assignment& assignment) {
    const std::size_t num_elements = assignment.list.size();
    if (options_.evaluation == Evaluation::run) {
      steps_ += kStepsPerPrediction * (num_elements + problem_.machine.num_workers());
      Prediction prediction = predict(problem_, plan_of(problem_, assignment, options_.priorities));
      return {std::move(prediction.placements), prediction.makespan_s, prediction.bytes_between_nodes};
    }
    const auto num_free =
        std::count_if(assignment.homes.begin(), assignment.homes.end(), [](WorkerId home) { return !home.is_valid(); });
    steps_ +=
        kStepsPerInsertion * (num_elements + static_cast<std::uint64_t>(num_free) * problem_.machine.num_workers());
    return Insertion(problem_).run(assignment);
  }

  void add(Assignment assignment) {
    Outcome outcome = evaluate(assignment);
    inherit(outcome, assignment);
    Individual individual{std::move(assignment), outcome.makespan_s, outcome.bytes_between_nodes};
    if (is_better(outcome.makespan_s, outcome.bytes_between_nodes, result_.outcome.makespan_s,
                  result_.outcome.bytes_between_nodes)) {
      result_ = {evaluated_, std::move(outcome)};
    }
    if (population_.size() < kPopulation) {
      population_.push_back(std::move(individual));
    } else if (Individual& victim = worse_of_two();
               !is_better(victim.makespan_s, victim.bytes, individual.makespan_s, individual.bytes)) {
      victim = std::move(individual);
    }
  }

  /// What is handed down is the order in which elements started; in a schedule also where they were placed.
  void inherit(const Outcome& outcome, Assignment& assignment) {
    evaluated_ = assignment;
    position_.resize(assignment.list.size());
    for (std::uint32_t i = 0; i < assignment.list.size(); ++i) position_[assignment.list[i]] = i;
    std::sort(assignment.list.begin(), assignment.list.end(), [&](std::uint32_t a, std::uint32_t b) {
      const double start_a = outcome.placements[a].start_s, start_b = outcome.placements[b].start_s;
      return start_a != start_b ? start_a < start_b : position_[a] < position_[b];
    });
    if (options_.evaluation == Evaluation::run) return;
    for (std::uint32_t e = 0; e < assignment.homes.size(); ++e) assignment.homes[e] = outcome.placements[e].worker;
  }

  Individual& worse_of_two() {
    Individual& a = population_[random_.below(population_.size())];
    Individual& b = population_[random_.below(population_.size())];
    return is_better(a.makespan_s, a.bytes, b.makespan_s, b.bytes) ? b : a;
  }

  const Assignment& chosen() {
    const Individual& a = population_[random_.below(population_.size())];
    const Individual& b = population_[random_.below(population_.size())];
    return is_better(b.makespan_s, b.bytes, a.makespan_s, a.bytes) ? b.assignment : a.assignment;
  }

  /// The first part of the mother, the rest in the order of the father; homes go with their part.
  Assignment crossed(const Assignment& mother, const Assignment& father) {
    const std::size_t num_elements = mother.list.size();
    const std::size_t cut = random_.below(num_elements + 1);
    Assignment child{{mother.list.begin(), mother.list.begin() + static_cast<std::ptrdiff_t>(cut)}, mother.homes};
    is_taken_.assign(num_elements, 0);
    for (const std::uint32_t e : child.list) is_taken_[e] = 1;
    for (const std::uint32_t e : father.list) {
      if (is_taken_[e] != 0) continue;
      child.list.push_back(e);
      child.homes[e] = father.homes[e];
    }
    return child;
  }

  void mutate(Assignment& assignment) {
    const std::size_t num_elements = assignment.list.size();
    const std::uint64_t changes = 1 + random_.below(2 + num_elements / 50);
    for (std::uint64_t i = 0; i < changes; ++i) {
      if (random_.chance(0.5)) {
        rehome(assignment, static_cast<std::uint32_t>(random_.below(num_elements)));
      } else {
        move_in_list(assignment.list, random_.below(num_elements));
      }
    }
  }

  /// Anywhere, to the home of something it needs, or to no home; nothing changes where it does not fit.
  void rehome(Assignment& assignment, std::uint32_t e) {
    const graph::Task& task = problem_.graph.task_of(ElementId(e));
    if (graph::is_gate(task.kind)) return;
    const auto needs = problem_.graph.needs(ElementId(e));
    const double dice = random_.uniform();
    WorkerId home;
    if (dice < 0.6) {
      if (dice >= 0.3 && !needs.empty()) home = assignment.homes[needs[random_.below(needs.size())]];
    } else {
      home = WorkerId(static_cast<std::uint32_t>(random_.below(problem_.machine.num_workers())));
    }
    if (home.is_valid() && !can_hold(problem_.machine.workers[home.value()], task.request)) return;
    assignment.homes[e] = home;
  }

  /// To a random place between what it needs and what needs it.
  void move_in_list(std::vector<std::uint32_t>& list, std::size_t from) {
    const std::uint32_t e = list[from];
    const auto blocks = [&](std::uint32_t a, std::uint32_t b) {  // b needs a
      const auto needs = problem_.graph.needs(ElementId(b));
      return std::binary_search(needs.begin(), needs.end(), a);
    };
    const std::size_t reach = 1 + random_.below(1 + list.size() / 4);
    std::size_t at = from;
    if (random_.chance(0.5)) {
      for (; at > 0 && from - at < reach && !blocks(list[at - 1], e); --at) list[at] = list[at - 1];
    } else {
      for (; at + 1 < list.size() && at - from < reach && !blocks(e, list[at + 1]); ++at) list[at] = list[at + 1];
    }
    list[at] = e;
  }

  const Problem& problem_;
  WorkerSearchOptions options_;
  Random random_;
  std::vector<Individual> population_;
  Assignment evaluated_;  ///< as it was before inherit()
  std::vector<char> is_taken_;
  std::vector<std::uint32_t> position_;
  std::uint64_t steps_ = 0;
  WorkerSearchResult result_;
};

}  // namespace

WorkerSearchResult search_workers(const Problem& problem, std::span<const Assignment> starts,
                                  const WorkerSearchOptions& options) {
  FUGLE_EXPECT(!starts.empty() && problem.graph.num_elements() > 0);
  return Evolution(problem, options).run(starts);
}

Plan plan_of(const Problem& problem, const Assignment& assignment, std::span<const std::int32_t> priorities) {
  std::vector<std::uint32_t> list = assignment.list;
  if (!priorities.empty()) {
    std::stable_sort(list.begin(), list.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return priorities[a] > priorities[b]; });
  }
  Plan plan;
  plan.order.resize(list.size());
  for (std::uint32_t position = 0; position < list.size(); ++position) plan.order[list[position]] = position;
  plan.priority.assign(priorities.begin(), priorities.end());
  plan.homes = assignment.homes;
  for (std::uint32_t e = 0; e < plan.homes.size(); ++e) {
    if (chooses_its_place(problem.graph.task_of(ElementId(e)))) plan.homes[e] = WorkerId{};
  }
  return plan;
}

std::vector<std::uint32_t> feasible_list(const graph::Graph& graph, std::span<const double> keys) {
  using Open = std::pair<double, std::uint32_t>;
  std::priority_queue<Open, std::vector<Open>, std::greater<>> open;
  std::vector<std::uint32_t> missing(keys.size()), list;
  list.reserve(keys.size());
  for (std::uint32_t e = 0; e < keys.size(); ++e) {
    missing[e] = static_cast<std::uint32_t>(graph.needs(ElementId(e)).size());
    if (missing[e] == 0) open.emplace(keys[e], e);
  }
  while (!open.empty()) {
    const std::uint32_t e = open.top().second;
    open.pop();
    list.push_back(e);
    for (const std::uint32_t successor : graph.successors(ElementId(e))) {
      if (--missing[successor] == 0) open.emplace(keys[successor], successor);
    }
  }
  return list;
}

}  // namespace fugle::plan
