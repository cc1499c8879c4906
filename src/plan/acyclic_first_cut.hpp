// First bisections of a DAG, each a prefix of a topological order that is grown from the sources or from the sinks:
// in depth; just in time (what has the longest way before it first); greedy by what a vertex adds to the cut; or by how
// much of what it is connected with is in place. Rough; refine() makes something of them.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/random.hpp"
#include "plan/acyclic_level_graph.hpp"

namespace fugle::plan {

inline constexpr std::uint32_t kNumFirstCutMethods = 8;
/// Those whose prefix ends in a front across the whole graph: just in time and by what is in place, from both ends.
inline constexpr std::array<std::uint32_t, 4> kFrontMethods = {2, 3, 6, 7};

/// Parts 0 and 1 per vertex: of the prefixes within both limits the one that cuts least; where there is none, the one
/// nearest to it. `method` below kNumFirstCutMethods; ties at random.
[[nodiscard]] std::vector<std::uint32_t> first_cut(const LevelGraph& graph, std::span<const double> limits,
                                                   std::uint32_t method, Random& random);

}  // namespace fugle::plan
