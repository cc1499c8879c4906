// First bisections of a small DAG, each a prefix of a topological order: orders in depth, in breadth, or greedy by what
// a vertex adds to the cut, grown from either end. Rough; refine() makes something of them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/random.hpp"
#include "plan/acyclic_level_graph.hpp"

namespace fugle::plan {

inline constexpr std::uint32_t kNumFirstCutMethods = 8;

/// Parts 0 and 1 per vertex: of the prefixes within both limits the one that cuts least; where there is none, the one
/// nearest to it. `method` below kNumFirstCutMethods; ties at random.
[[nodiscard]] std::vector<std::uint32_t> first_cut(const LevelGraph& graph, std::span<const double> limits,
                                                   std::uint32_t method, Random& random);

}  // namespace fugle::plan
