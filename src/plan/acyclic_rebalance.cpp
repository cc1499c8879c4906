// Of acyclic_refinement.hpp: what is above the limits flows from part to part towards room.

#include <algorithm>
#include <optional>
#include <vector>

#include "plan/acyclic_refinement.hpp"

namespace fugle::plan {
namespace {

struct Candidate {
  double gain;
  std::uint32_t vertex;
  friend bool operator<(const Candidate& a, const Candidate& b) {
    return a.gain != b.gain ? a.gain < b.gain : a.vertex > b.vertex;
  }
};

struct Moved {
  std::uint32_t vertex;
  std::uint32_t source;
};

/// Empties one part into the next until it is within its limit.
class Overflow {
 public:
  Overflow(MoveState& state, std::uint32_t part, Direction direction)
      : state_(state), part_(part), direction_(direction), next_(direction == Direction::up ? part + 1 : part - 1) {}

  /// `members` [part] holds at least the vertices of this part. What is moved is added to `log`.
  void run(std::vector<std::vector<std::uint32_t>>& members, std::vector<Moved>& log) {
    for (const std::uint32_t v : members[part_]) consider(v);
    while (is_over() && !queue_.empty()) {
      std::pop_heap(queue_.begin(), queue_.end());
      const Candidate candidate = queue_.back();
      queue_.pop_back();
      if (state_.part(candidate.vertex) != part_ || gain_of(candidate.vertex) != candidate.gain) continue;
      log.push_back({candidate.vertex, part_});
      members[next_].push_back(candidate.vertex);
      state_.move(candidate.vertex, next_, [this](std::uint32_t u) { consider(u); });
    }
  }

 private:
  [[nodiscard]] bool is_over() const { return state_.part_weight(part_) > state_.limit(part_) * (1 + 1e-9); }

  [[nodiscard]] std::optional<double> gain_of(std::uint32_t v) const {
    const auto move = state_.best_move(v, direction_);
    if (!move) return std::nullopt;
    // To the next part, which need not be the one where the neighbours are.
    return move->target == next_ ? move->gain : std::min(move->gain, 0.0);
  }
  void consider(std::uint32_t v) {
    if (state_.part(v) != part_) return;
    if (const auto gain = gain_of(v)) {
      queue_.push_back({*gain, v});
      std::push_heap(queue_.begin(), queue_.end());
    }
  }

  MoveState& state_;
  std::uint32_t part_;
  Direction direction_;
  std::uint32_t next_;
  std::vector<Candidate> queue_;
};

/// The part farthest above its limit.
std::uint32_t fullest_part(const MoveState& state) {
  std::uint32_t fullest = 0;
  const auto excess = [&](std::uint32_t part) { return state.part_weight(part) - state.limit(part); };
  for (std::uint32_t part = 1; part < state.num_parts(); ++part) {
    if (excess(part) > excess(fullest)) fullest = part;
  }
  return fullest;
}

/// The part nearest to `part` that is below its limit.
std::optional<std::uint32_t> nearest_room(const MoveState& state, std::uint32_t part) {
  for (std::uint32_t apart = 1; apart < state.num_parts(); ++apart) {
    for (const std::uint32_t other : {part + apart, part - apart}) {
      if (other < state.num_parts() && state.part_weight(other) < state.limit(other) * (1 - 1e-9)) return other;
    }
  }
  return std::nullopt;
}

}  // namespace

void rebalance(MoveState& state) {
  std::vector<std::vector<std::uint32_t>> members(state.num_parts());
  for (std::uint32_t v = 0; v < state.graph().num_vertices(); ++v) members[state.part(v)].push_back(v);
  for (std::uint32_t round = 0; round < 2 * state.num_parts() && state.overload() > 0; ++round) {
    const double overload_before = state.overload();
    std::vector<Moved> log;
    const std::uint32_t fullest = fullest_part(state);
    const auto room = nearest_room(state, fullest);
    if (!room) return;
    const Direction direction = *room > fullest ? Direction::up : Direction::down;
    for (std::uint32_t part = fullest; part != *room; direction == Direction::up ? ++part : --part) {
      Overflow(state, part, direction).run(members, log);
    }
    if (state.overload() + state.tolerance() < overload_before) continue;
    for (; !log.empty(); log.pop_back()) state.move(log.back().vertex, log.back().source, [](std::uint32_t) {});
    return;
  }
}

}  // namespace fugle::plan
