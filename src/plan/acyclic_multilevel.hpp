// The cycle of the multilevel method: coarsen, find or take over a partition of the coarsest level, refine it on the
// way back. Every function returns partitions whose parts are in order, and none returns a worse one than it was given.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/random.hpp"
#include "plan/acyclic_coarsening.hpp"
#include "plan/acyclic_level_graph.hpp"
#include "plan/acyclic_move_state.hpp"

namespace fugle::plan {

struct Candidate {
  std::vector<std::uint32_t> parts;  ///< [vertex]
  double overload = 0;               ///< weight above the limits
  double cut = 0;

  [[nodiscard]] bool is_better_than(const Candidate& other) const;
};

[[nodiscard]] Candidate candidate_of(const MoveState& state);

/// Projects `parts` of the coarsest level to the finest and refines on each.
[[nodiscard]] Candidate refine_upwards(const Hierarchy& hierarchy, std::span<const double> limits,
                                       std::vector<std::uint32_t> parts, Random& random);

/// Coarsens inside the parts, then refines on all levels (Walshaw 2004).
[[nodiscard]] Candidate improve(const LevelGraph& graph, std::span<const double> limits, const Candidate& candidate,
                                Random& random);

/// The better of two partitions, improved after coarsening only what both hold together: where they agree nothing is
/// risked, where they differ the choice is open (Sanders, Schulz 2012; for DAGs Moreira, Popp, Schulz 2018).
[[nodiscard]] Candidate combine(const LevelGraph& graph, std::span<const double> limits, const Candidate& a,
                                const Candidate& b, Random& random);

}  // namespace fugle::plan
