// Better acyclic partitions by moving single vertices: Fiduccia and Mattheyses' method with the moves of MoveState.
// What a pass moves it may move against its gain; it ends at the best it has seen.
#pragma once

#include <cstdint>

#include "base/random.hpp"
#include "plan/acyclic_move_state.hpp"

namespace fugle::plan {

struct RefinementEffort {
  std::uint32_t max_passes;
  std::uint32_t patience;  ///< moves of a pass without a new best before it ends
};

/// Less overload, or as much and a smaller cut; never worse than before.
void refine(MoveState& state, const RefinementEffort& effort, Random& random);

/// Moves vertices out of parts above their limits, towards the nearest part with room, at the least cost for the cut.
/// Keeps the order of parts. Weights may be such that it does not succeed fully.
void rebalance(MoveState& state);

}  // namespace fugle::plan
