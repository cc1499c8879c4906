// An acyclic partition by bisecting again and again, each time with the whole multilevel method.
#pragma once

#include <cstdint>
#include <vector>

#include "base/random.hpp"
#include "plan/acyclic_level_graph.hpp"

namespace fugle::plan {

/// Part per vertex. Each part should weigh at most `limit`, which times num_parts has to be at least the total weight.
[[nodiscard]] std::vector<std::uint32_t> recursive_bisection(const LevelGraph& graph, std::uint32_t num_parts,
                                                             double limit, Random& random);

}  // namespace fugle::plan
