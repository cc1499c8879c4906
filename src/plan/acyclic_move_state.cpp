#include "plan/acyclic_move_state.hpp"

#include <algorithm>
#include <utility>

namespace fugle::plan {

MoveState::MoveState(const LevelGraph& graph, std::span<const double> limits, std::vector<std::uint32_t> parts)
    : graph_(graph),
      limits_(limits),
      tolerance_(1e-9 * graph.total_weight()),
      parts_(std::move(parts)),
      part_weights_(limits.size(), 0) {
  below_.reserve(graph.num_vertices());
  above_.reserve(graph.num_vertices());
  for (std::uint32_t v = 0; v < graph.num_vertices(); ++v) {
    part_weights_[parts_[v]] += graph.weight(v);
    below_.push_back(nearest(v, Direction::down));
    above_.push_back(nearest(v, Direction::up));
    for (const Arc arc : graph.successors()[v]) {
      if (parts_[arc.vertex] != parts_[v]) cut_ += arc.weight;
    }
  }
  for (std::uint32_t part = 0; part < num_parts(); ++part) overload_ += above_limit(part);
}

double MoveState::above_limit(std::uint32_t part) const {
  const double above = part_weights_[part] - limits_[part];
  return above > tolerance_ ? above : 0;
}

MoveState::Nearest MoveState::nearest(std::uint32_t v, Direction side) const {
  Nearest found{side == Direction::down ? 0 : num_parts() - 1, 0, 0};
  for (const Arc arc : side == Direction::down ? graph_.predecessors()[v] : graph_.successors()[v]) {
    const std::uint32_t part = parts_[arc.vertex];
    const bool is_nearer = side == Direction::down ? part > found.part : part < found.part;
    if (is_nearer) found = {part, 0, 0};
    if (part == found.part) ++found.count, found.weight += arc.weight;
  }
  return found;
}

std::optional<Move> MoveState::best_move(std::uint32_t v, Direction direction) const {
  const bool is_up = direction == Direction::up;
  const Nearest& ahead = is_up ? above_[v] : below_[v];
  const Nearest& behind = is_up ? below_[v] : above_[v];
  const std::uint32_t part = parts_[v];
  if (ahead.part == part) return std::nullopt;
  const double lost = behind.part == part && behind.count > 0 ? behind.weight : 0;
  if (ahead.count > 0) return Move{ahead.part, ahead.weight - lost};
  return Move{is_up ? part + 1 : part - 1, -lost};
}

bool MoveState::is_on_boundary(std::uint32_t v) const {
  return (below_[v].count > 0 && below_[v].part != parts_[v]) || (above_[v].count > 0 && above_[v].part != parts_[v]);
}

bool MoveState::has_room(std::uint32_t v, std::uint32_t target) const {
  const double weight = graph_.weight(v);
  const double excess = part_weights_[target] + weight - limits_[target];
  if (excess <= tolerance_) return true;
  const double relief = std::min(above_limit(parts_[v]), weight);
  return excess - above_limit(target) < relief;
}

void MoveState::put(std::uint32_t v, std::uint32_t target) {
  const std::uint32_t source = parts_[v];
  cut_ -= cut_weight_of(v);
  overload_ -= above_limit(source) + above_limit(target);
  parts_[v] = target;
  part_weights_[source] -= graph_.weight(v);
  part_weights_[target] += graph_.weight(v);
  overload_ += above_limit(source) + above_limit(target);
  cut_ += cut_weight_of(v);
}

/// Up to what is cut wherever v is: all arcs count as cut but those to the nearest parts where v is in them.
double MoveState::cut_weight_of(std::uint32_t v) const {
  double inside = 0;
  if (below_[v].part == parts_[v]) inside += below_[v].weight;
  if (above_[v].part == parts_[v]) inside += above_[v].weight;
  return -inside;
}

bool MoveState::neighbour_moved(std::uint32_t u, Direction side, std::uint32_t source, std::uint32_t target,
                                double weight) {
  Nearest& known = side == Direction::down ? below_[u] : above_[u];
  if (target == known.part) {
    ++known.count;
    known.weight += weight;
    return true;
  }
  if (side == Direction::down ? target > known.part : target < known.part) {
    known = {target, 1, weight};
    return true;
  }
  if (source != known.part) return false;
  --known.count;
  known.weight -= weight;
  if (known.count == 0) known = nearest(u, side);
  return true;
}

}  // namespace fugle::plan
