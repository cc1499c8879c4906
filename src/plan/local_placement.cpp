#include "plan/local_placement.hpp"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

namespace fugle::plan {
namespace {

/// When each core of a worker is free.
class CoreClocks {
 public:
  explicit CoreClocks(std::uint32_t cores) : free_at_(cores, 0.0) {}

  /// When so many cores are free together.
  [[nodiscard]] double free_at(std::uint32_t cores) const { return free_at_[std::max(cores, 1u) - 1]; }
  void take(std::uint32_t cores, double end_s) {
    const auto taken = free_at_.begin() + std::max(cores, 1u);
    const auto later = std::lower_bound(taken, free_at_.end(), end_s);
    std::fill(free_at_.begin(), taken, end_s);
    std::rotate(free_at_.begin(), taken, later);
  }

 private:
  std::vector<double> free_at_;  ///< [core] ascending
};

class Placer {
 public:
  Placer(const Problem& problem, double slack_s)
      : problem_(problem), slack_s_(slack_s), bytes_on_(problem.machine.num_workers()) {
    const auto& workers = problem.machine.workers;
    for (std::uint32_t w = 0; w < workers.size(); ++w) {
      clocks_.emplace_back(workers[w].cores);
      by_first_free_.emplace(0.0, w);
    }
    placements_.resize(problem.graph.num_elements());
  }

  std::vector<Placement> run(std::span<const std::uint32_t> sequence) && {
    for (const std::uint32_t e : sequence) place(e);
    return std::move(placements_);
  }

 private:
  struct Candidate {
    std::uint32_t worker;
    double start_s;
    double end_s;
  };

  void place(std::uint32_t e) {
    ready_s_ = 0;
    can_run_ = true;
    candidates_.clear();
    look_at_needs(e);
    if (problem_.graph.is_gate(ElementId(e))) {
      placements_[e] = {ready_s_, can_run_ ? ready_s_ : kNever, WorkerId{}};
    } else if (const Candidate* best = can_run_ ? best_candidate(e) : nullptr; best != nullptr) {
      take(e, *best);
    } else {
      placements_[e] = {ready_s_, kNever, WorkerId{}};
    }
    for (const std::uint32_t w : holders_) bytes_on_[w] = 0;
    holders_.clear();
  }

  void look_at_needs(std::uint32_t e) {
    const auto needs = problem_.graph.needs(ElementId(e));
    for (std::size_t i = 0; i < needs.size(); ++i) {
      const Placement& need = placements_[needs[i]];
      if (need.end_s == kNever) can_run_ = false;
      ready_s_ = std::max(ready_s_, need.end_s);
      if (!need.worker.is_valid()) continue;
      double& bytes = bytes_on_[need.worker.value()];
      if (bytes == 0) holders_.push_back(need.worker.value());
      bytes += std::max(problem_.bytes_of_need(e, i), std::numeric_limits<double>::min());
    }
  }

  const Candidate* best_candidate(std::uint32_t e) {
    const graph::Request& request = problem_.graph.task_of(ElementId(e)).request;
    for (const std::uint32_t w : holders_) add_candidate(e, w, request);
    for (const auto& [time, w] : by_first_free_) {  // nearly always the first one can hold it
      if (!can_hold(problem_.machine.workers[w], request)) continue;
      if (bytes_on_[w] == 0) add_candidate(e, w, request);
      break;
    }
    if (candidates_.empty()) return nullptr;
    const auto ends_earlier = [](const Candidate& a, const Candidate& b) { return a.end_s < b.end_s; };
    const double limit = std::min_element(candidates_.begin(), candidates_.end(), ends_earlier)->end_s + slack_s_;
    const Candidate* best = nullptr;
    for (const Candidate& candidate : candidates_) {
      if (candidate.end_s <= limit && (best == nullptr || is_better(candidate, *best))) best = &candidate;
    }
    return best;
  }

  bool is_better(const Candidate& a, const Candidate& b) const {
    if (bytes_on_[a.worker] != bytes_on_[b.worker]) return bytes_on_[a.worker] > bytes_on_[b.worker];
    return a.end_s != b.end_s ? a.end_s < b.end_s : a.worker < b.worker;
  }

  void add_candidate(std::uint32_t e, std::uint32_t w, const graph::Request& request) {
    if (!can_hold(problem_.machine.workers[w], request)) return;
    const double start = std::max(arrival_s(problem_, placements_, e, w, ready_s_), clocks_[w].free_at(request.cores));
    candidates_.push_back({w, start, start + std::max(problem_.duration(e, w), 0.0)});
  }

  void take(std::uint32_t e, const Candidate& chosen) {
    CoreClocks& clocks = clocks_[chosen.worker];
    by_first_free_.erase({clocks.free_at(1), chosen.worker});
    clocks.take(problem_.graph.task_of(ElementId(e)).request.cores, chosen.end_s);
    by_first_free_.emplace(clocks.free_at(1), chosen.worker);
    placements_[e] = {chosen.start_s, chosen.end_s, WorkerId(chosen.worker)};
  }

  static constexpr double kNever = std::numeric_limits<double>::infinity();

  const Problem& problem_;
  double slack_s_;
  std::vector<Placement> placements_;
  std::vector<CoreClocks> clocks_;                            ///< [worker]
  std::set<std::pair<double, std::uint32_t>> by_first_free_;  ///< when its first core is free, worker
  std::vector<double> bytes_on_;                              ///< [worker] of the element's inputs
  std::vector<std::uint32_t> holders_;                        ///< workers with inputs
  std::vector<Candidate> candidates_;
  double ready_s_ = 0;
  bool can_run_ = true;
};

}  // namespace

std::vector<Placement> place_near_inputs(const Problem& problem, std::span<const std::uint32_t> sequence,
                                         double slack_s) {
  return Placer(problem, slack_s).run(sequence);
}

}  // namespace fugle::plan
