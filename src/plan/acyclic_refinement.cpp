#include "plan/acyclic_refinement.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace fugle::plan {
namespace {

class Refinement {
 public:
  Refinement(MoveState& state, std::uint32_t patience, Random& random)
      : state_(state),
        patience_(patience),
        random_(random),
        locked_(state.graph().num_vertices(), false),
        waiting_(state.num_parts()) {}

  /// True where the partition became better.
  bool pass() {
    start();
    const double overload_before = state_.overload(), cut_before = state_.cut();
    double best_overload = overload_before, best_cut = cut_before;
    std::size_t num_best = 0;
    while (!queue_.empty() && moved_.size() - num_best <= patience_) {
      if (!try_next()) continue;
      if (is_better(best_overload, best_cut)) {
        best_overload = state_.overload();
        best_cut = state_.cut();
        num_best = moved_.size();
      }
    }
    while (moved_.size() > num_best) {
      state_.move(moved_.back().vertex, moved_.back().source, [](std::uint32_t) {});
      moved_.pop_back();
    }
    return is_better(overload_before, cut_before);
  }

 private:
  struct Entry {
    double gain;
    std::uint32_t tie;
    std::uint32_t vertex;
    std::uint32_t target;
    Direction direction;
    friend bool operator<(const Entry& a, const Entry& b) { return a.gain != b.gain ? a.gain < b.gain : a.tie < b.tie; }
  };
  struct Moved {
    std::uint32_t vertex;
    std::uint32_t source;
  };

  [[nodiscard]] bool is_better(double overload, double cut) const {
    if (std::abs(state_.overload() - overload) > state_.tolerance()) return state_.overload() < overload;
    return state_.cut() < cut * (1 - 1e-12);
  }

  void start() {
    locked_.assign(locked_.size(), false);
    moved_.clear();
    queue_.clear();
    for (auto& waiting : waiting_) waiting.clear();
    for (std::uint32_t v = 0; v < state_.graph().num_vertices(); ++v) {
      if (state_.is_on_boundary(v)) push(v);
    }
  }

  void push(std::uint32_t v) {
    for (const Direction direction : {Direction::down, Direction::up}) {
      const auto move = state_.best_move(v, direction);
      if (move) push(queue_, {move->gain, static_cast<std::uint32_t>(random_.next()), v, move->target, direction});
    }
  }
  static void push(std::vector<Entry>& queue, const Entry& entry) {
    queue.push_back(entry);
    std::push_heap(queue.begin(), queue.end());
  }
  static Entry pop(std::vector<Entry>& queue) {
    std::pop_heap(queue.begin(), queue.end());
    const Entry entry = queue.back();
    queue.pop_back();
    return entry;
  }

  /// Each change of a vertex's moves made a new entry, so one that is not true any more can be dropped.
  [[nodiscard]] bool is_true(const Entry& entry) const {
    if (locked_[entry.vertex]) return false;
    const auto move = state_.best_move(entry.vertex, entry.direction);
    return move && move->target == entry.target && move->gain == entry.gain;
  }

  bool try_next() {
    const Entry entry = pop(queue_);
    if (!is_true(entry)) return false;
    if (!state_.has_room(entry.vertex, entry.target)) {
      push(waiting_[entry.target], entry);
      return false;
    }
    const std::uint32_t source = state_.part(entry.vertex);
    locked_[entry.vertex] = true;
    moved_.push_back({entry.vertex, source});
    state_.move(entry.vertex, entry.target, [this](std::uint32_t u) {
      if (!locked_[u]) push(u);
    });
    wake_one(source);
    wake_one(entry.target);
    return true;
  }

  /// The best of those that wait for room in this part, if there is room for it now.
  void wake_one(std::uint32_t part) {
    auto& waiting = waiting_[part];
    while (!waiting.empty()) {
      const Entry& best = waiting.front();
      if (is_true(best)) {
        if (!state_.has_room(best.vertex, part)) return;
        push(queue_, best);
        pop(waiting);
        return;
      }
      pop(waiting);
    }
  }

  MoveState& state_;
  std::size_t patience_;
  Random& random_;
  std::vector<bool> locked_;
  std::vector<Moved> moved_;
  std::vector<Entry> queue_;                 // heap
  std::vector<std::vector<Entry>> waiting_;  // [part] heap of moves that found it full
};

}  // namespace

void refine(MoveState& state, const RefinementEffort& effort, Random& random) {
  if (state.num_parts() < 2) return;
  if (state.overload() > 0) rebalance(state);
  Refinement refinement(state, effort.patience, random);
  for (std::uint32_t pass = 0; pass < effort.max_passes; ++pass) {
    if (!refinement.pass()) break;
  }
}

}  // namespace fugle::plan
