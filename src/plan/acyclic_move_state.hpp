// An acyclic partition of one level graph while vertices move between parts. The numbers of the parts are their order:
// no arc leads to a smaller part. So a vertex may be anywhere between the largest part among its predecessors and the
// smallest among its successors, and only these two can be worth moving to: all its neighbours are at or beyond them
// (Moreira, Popp, Schulz 2017). The state keeps both for every vertex, so that what a move gains is known at once.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "plan/acyclic_level_graph.hpp"

namespace fugle::plan {

enum class Direction : std::uint8_t { down, up };

struct Move {
  std::uint32_t target;  ///< part
  double gain;           ///< by how much the cut falls
};

class MoveState {
 public:
  /// `limits` [part]: the weight it should not exceed. `parts` [vertex]; no arc leads to a smaller part.
  MoveState(const LevelGraph& graph, std::span<const double> limits, std::vector<std::uint32_t> parts);

  [[nodiscard]] const LevelGraph& graph() const { return graph_; }
  [[nodiscard]] std::uint32_t num_parts() const { return static_cast<std::uint32_t>(limits_.size()); }
  [[nodiscard]] std::uint32_t part(std::uint32_t v) const { return parts_[v]; }
  [[nodiscard]] const std::vector<std::uint32_t>& parts() const { return parts_; }
  [[nodiscard]] double part_weight(std::uint32_t part) const { return part_weights_[part]; }
  [[nodiscard]] double limit(std::uint32_t part) const { return limits_[part]; }
  [[nodiscard]] double cut() const { return cut_; }
  /// Weight above the limits, all parts together.
  [[nodiscard]] double overload() const { return overload_ > tolerance_ ? overload_ : 0; }
  /// Differences of weight up to this are noise.
  [[nodiscard]] double tolerance() const { return tolerance_; }

  /// The most useful move of v in this direction, if v may move there at all. A vertex that nothing holds on that
  /// side can go to the next part.
  [[nodiscard]] std::optional<Move> best_move(std::uint32_t v, Direction direction) const;
  /// The smallest and the largest part where v may be.
  [[nodiscard]] std::uint32_t lowest(std::uint32_t v) const { return below_[v].part; }
  [[nodiscard]] std::uint32_t highest(std::uint32_t v) const { return above_[v].part; }
  /// Some arc of v is cut.
  [[nodiscard]] bool is_on_boundary(std::uint32_t v) const;
  /// v fits into `target`, or its move there leaves less overload.
  [[nodiscard]] bool has_room(std::uint32_t v, std::uint32_t target) const;

  /// `target` has to be in [lowest(v), highest(v)]. `touched(u)` is called for the neighbours whose moves may differ.
  template <class Touched>
  void move(std::uint32_t v, std::uint32_t target, Touched touched) {
    const std::uint32_t source = parts_[v];
    put(v, target);
    for (const Arc arc : graph_.successors()[v]) {
      if (neighbour_moved(arc.vertex, Direction::down, source, target, arc.weight)) touched(arc.vertex);
    }
    for (const Arc arc : graph_.predecessors()[v]) {
      if (neighbour_moved(arc.vertex, Direction::up, source, target, arc.weight)) touched(arc.vertex);
    }
  }

 private:
  /// The nearest part among the neighbours on one side; count is 0 where there are none.
  struct Nearest {
    std::uint32_t part;
    std::uint32_t count;
    double weight;
  };

  [[nodiscard]] double above_limit(std::uint32_t part) const;
  void put(std::uint32_t v, std::uint32_t target);
  [[nodiscard]] double cut_weight_of(std::uint32_t v) const;
  /// True where what is known of u's neighbours at `side` changed.
  bool neighbour_moved(std::uint32_t u, Direction side, std::uint32_t source, std::uint32_t target, double weight);
  [[nodiscard]] Nearest nearest(std::uint32_t v, Direction side) const;

  const LevelGraph& graph_;
  std::span<const double> limits_;
  double tolerance_;  // sums of weights are not exact
  std::vector<std::uint32_t> parts_;
  std::vector<double> part_weights_;
  std::vector<Nearest> below_, above_;  // [vertex] among predecessors, among successors
  double cut_ = 0;
  double overload_ = 0;
};

}  // namespace fugle::plan
