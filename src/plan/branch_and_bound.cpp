#include "plan/branch_and_bound.hpp"

#include <algorithm>
#include <limits>

namespace fugle::plan {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();
constexpr std::uint64_t kStepsPerCandidate = 2;

struct Candidate {
  double start;
  double end;
  double at_least;  ///< makespan of what follows
  std::uint32_t task;
  std::uint32_t worker;
};

/// What has started last; the next starts at a later time, or then with a larger number.
struct Front {
  double time = 0;
  std::uint32_t task = 0;
  bool is_any = true;
};

class Tree {
 public:
  Tree(const WorkerModel& model, const ExactOptions& options)
      : model_(model),
        options_(options),
        shortest_(model.num_tasks(), kNever),
        tails_(model.num_tasks(), 0),
        missing_(model.num_tasks()),
        starts_(model.num_tasks()),
        ends_(model.num_tasks()),
        on_worker_(model.num_workers),
        levels_(model.num_tasks() + 1) {
    result_.makespan_s = options.better_than_s;
    for (std::uint32_t task = model.num_tasks(); task-- > 0;) {
      for (std::uint32_t w = 0; w < model.num_workers; ++w) {
        shortest_[task] = std::min(shortest_[task], model.duration(task, w));
      }
      missing_[task] = static_cast<std::uint32_t>(model.needs[task].size());
      for (const std::uint32_t successor : model.successors[task]) {
        tails_[task] = std::max(tails_[task], shortest_[successor] + tails_[successor]);
      }
    }
    add_up_work();
  }

  ExactResult run() && {
    descend(0, 0, {});
    result_.is_complete = !is_stopped_ || result_.makespan_s <= options_.stop_at_s;
    return std::move(result_);
  }

 private:
  /// Of the first resource: what all tasks take at least, and what the workers have.
  void add_up_work() {
    if (model_.num_resources == 0) return;
    for (std::uint32_t w = 0; w < model_.num_workers; ++w) capacity_ += static_cast<double>(capacity(w)[0]);
    for (std::uint32_t task = 0; task < model_.num_tasks(); ++task) {
      double least = kNever;
      for (std::uint32_t w = 0; w < model_.num_workers; ++w) {
        if (model_.duration(task, w) == kNever) continue;
        least = std::min(least, model_.duration(task, w) * static_cast<double>(model_.demand(task, w)[0]));
      }
      least_work_.push_back(least);
      work_left_ += least;
    }
  }

  const std::int64_t* capacity(std::uint32_t worker) const {
    return model_.capacities.data() + std::size_t{worker} * model_.num_resources;
  }

  bool is_worse(double makespan) const { return makespan >= result_.makespan_s * (1 - 1e-12); }

  void descend(std::uint32_t num_placed, double makespan, const Front& front) {
    if (num_placed == model_.num_tasks()) return keep(makespan);
    std::vector<Candidate>& candidates = levels_[num_placed];
    if (!find_candidates(makespan, front, candidates)) return;
    for (const Candidate& candidate : candidates) {
      if (is_stopped_ || is_worse(candidate.at_least)) continue;
      place(candidate);
      descend(num_placed + 1, std::max(makespan, candidate.end), {candidate.start, candidate.task, false});
      take_back(candidate);
    }
  }

  void keep(double makespan) {
    if (is_worse(makespan)) return;
    result_.makespan_s = makespan;
    result_.starts = starts_;
    is_stopped_ = is_stopped_ || makespan <= options_.stop_at_s;
  }

  /// False where a ready task, or the work that is left, makes all that follows too long.
  bool find_candidates(double makespan, const Front& front, std::vector<Candidate>& candidates) {
    candidates.clear();
    if (num_resources() > 0 && is_worse(time_for_what_is_left(front.time))) return false;
    for (std::uint32_t task = 0; task < model_.num_tasks(); ++task) {
      if (missing_[task] != 0) continue;
      double at_least = kNever;
      for (std::uint32_t w = 0; w < model_.num_workers; ++w) {
        if (model_.duration(task, w) == kNever || is_twin(w)) continue;
        result_.steps += kStepsPerCandidate;
        at_least = std::min(at_least, consider(task, w, makespan, front, candidates));
      }
      if (is_worse(at_least)) return false;
    }
    is_stopped_ = is_stopped_ || result_.steps >= options_.max_steps;
    std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
      if (a.start != b.start) return a.start < b.start;
      if (a.at_least != b.at_least) return a.at_least > b.at_least;
      if (a.end != b.end) return a.end < b.end;
      return a.task != b.task ? a.task < b.task : a.worker < b.worker;
    });
    return true;
  }

  std::uint32_t num_resources() const { return model_.num_resources; }

  /// What runs past `now` is taken off the time of the workers.
  double time_for_what_is_left(double now) const {
    double taken = 0;
    for (std::uint32_t w = 0; w < model_.num_workers; ++w) {
      for (const std::uint32_t task : on_worker_[w]) {
        taken += std::max(ends_[task] - now, 0.0) * static_cast<double>(model_.demand(task, w)[0]);
      }
    }
    return now + (work_left_ + taken) / capacity_;
  }

  /// An empty worker like an empty one before it.
  bool is_twin(std::uint32_t worker) const {
    return model_.has_equal_workers && worker > 0 && on_worker_[worker].empty() && on_worker_[worker - 1].empty();
  }

  /// The makespan if the task runs there next, at least; the candidate is added where it belongs into this order.
  double consider(std::uint32_t task, std::uint32_t worker, double makespan, const Front& front,
                  std::vector<Candidate>& candidates) const {
    const double arrival = arrival_at(task, worker);
    const double start = earliest_start(task, worker, std::max(arrival, front.time));
    const double end = start + model_.duration(task, worker);
    const double at_least = std::max(makespan, end + tails_[task]);
    const bool is_in_order = front.is_any || start > front.time || task > front.task;
    if (is_in_order && !is_worse(at_least) && !could_start_before(task, worker, arrival, start)) {
      candidates.push_back({start, end, at_least, task, worker});
    }
    return at_least;
  }

  double arrival_at(std::uint32_t task, std::uint32_t worker) const {
    double last = 0;
    for (std::size_t edge = model_.needs.offsets[task]; edge < model_.needs.offsets[task + 1]; ++edge) {
      const std::uint32_t need = model_.needs.columns[edge];
      double arrival = ends_[need];
      if (!model_.bytes.empty()) {
        arrival += model_.bytes[edge] *
                   model_.seconds_per_byte[std::size_t{starts_[need].worker} * model_.num_workers + worker];
      }
      last = std::max(last, arrival);
    }
    return last;
  }

  /// Nothing starts after `from`, so what is free only grows from there.
  /// What takes no time needs no room.
  double earliest_start(std::uint32_t task, std::uint32_t worker, double from) const {
    if (model_.duration(task, worker) <= 0) return from;
    double start = from;
    while (!fits(task, worker, [&](std::uint32_t other) { return ends_[other] > start; })) {
      double next = kNever;
      for (const std::uint32_t other : on_worker_[worker]) {
        if (ends_[other] > start) next = std::min(next, ends_[other]);
      }
      start = next;
    }
    return start;
  }

  bool could_start_before(std::uint32_t task, std::uint32_t worker, double arrival, double start) const {
    if (arrival >= start || model_.duration(task, worker) <= 0) return false;
    return fits(task, worker,
                [&](std::uint32_t other) { return ends_[other] >= start && starts_[other].start_s < start; });
  }

  /// Beside those of the worker's tasks for which `runs` holds.
  template <class Runs>
  bool fits(std::uint32_t task, std::uint32_t worker, const Runs& runs) const {
    for (std::uint32_t r = 0; r < model_.num_resources; ++r) {
      std::int64_t taken = model_.demand(task, worker)[r];
      if (taken == 0) continue;
      for (const std::uint32_t other : on_worker_[worker]) {
        if (runs(other)) taken += model_.demand(other, worker)[r];
      }
      if (taken > capacity(worker)[r]) return false;
    }
    return true;
  }

  void place(const Candidate& candidate) {
    missing_[candidate.task] = kPlaced;
    starts_[candidate.task] = {candidate.start, candidate.worker};
    ends_[candidate.task] = candidate.end;
    on_worker_[candidate.worker].push_back(candidate.task);
    if (num_resources() > 0) work_left_ -= least_work_[candidate.task];
    for (const std::uint32_t successor : model_.successors[candidate.task]) --missing_[successor];
  }

  void take_back(const Candidate& candidate) {
    for (const std::uint32_t successor : model_.successors[candidate.task]) ++missing_[successor];
    if (num_resources() > 0) work_left_ += least_work_[candidate.task];
    on_worker_[candidate.worker].pop_back();
    missing_[candidate.task] = 0;
  }

  static constexpr std::uint32_t kPlaced = ~std::uint32_t{0};
  const WorkerModel& model_;
  ExactOptions options_;
  std::vector<double> shortest_;        ///< [task] duration on its fastest worker
  std::vector<double> tails_;           ///< [task] longest path after it
  std::vector<double> least_work_;      ///< [task] of the first resource
  std::vector<std::uint32_t> missing_;  ///< [task] needs not placed; kPlaced
  std::vector<ExactStart> starts_;
  std::vector<double> ends_;
  std::vector<std::vector<std::uint32_t>> on_worker_;  ///< [worker] tasks
  std::vector<std::vector<Candidate>> levels_;         ///< [depth]
  double capacity_ = 0;
  double work_left_ = 0;
  bool is_stopped_ = false;
  ExactResult result_;
};

}  // namespace

ExactResult branch_and_bound(const WorkerModel& model, const ExactOptions& options) {
  return Tree(model, options).run();
}

}  // namespace fugle::plan
