// Pairs of vertices that may become one without making a cycle; the rule is told in acyclic_coarsening.hpp.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/random.hpp"
#include "plan/acyclic_level_graph.hpp"

namespace fugle::plan {

struct Contraction {
  std::vector<std::uint32_t> coarse_of;  ///< [vertex] number of its pair, or of itself where it has none; topological
  std::uint32_t num_coarse = 0;
};

/// Pairs along arcs, those first whose arc is heavy beside the other arcs of both. Where arcs do not pair enough, as
/// at the hub of a star, siblings at a common neighbour are paired, and vertices that have no neighbours.
/// `groups` as for Hierarchy. Linear in vertices and arcs, up to a small factor.
[[nodiscard]] Contraction match(const LevelGraph& graph, std::span<const std::uint32_t> groups, double heaviest_pair,
                                Random& random);

}  // namespace fugle::plan
