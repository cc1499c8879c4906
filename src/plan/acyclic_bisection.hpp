// An acyclic partition by bisecting again and again, each time with the whole multilevel method.
#pragma once

#include <cstdint>

#include "base/random.hpp"
#include "plan/acyclic_level_graph.hpp"
#include "plan/acyclic_multilevel.hpp"

namespace fugle::plan {

/// Each part should weigh at most `limit`, which times num_parts has to be at least the total weight. Every bisection
/// is the combination of `tries` of them.
[[nodiscard]] std::vector<std::uint32_t> recursive_bisection(const LevelGraph& graph, std::uint32_t num_parts,
                                                             double limit, std::uint32_t tries, Random& random);

/// What all vertices weigh, where they all weigh the same; else 0.
[[nodiscard]] double common_weight(const LevelGraph& graph);

}  // namespace fugle::plan
