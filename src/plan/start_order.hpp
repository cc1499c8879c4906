// The order in which READY elements are preferred.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "graph/graph.hpp"

namespace fugle::plan {

/// [element] its own priority or the highest of what it blocks; empty where all tasks have the same.
[[nodiscard]] std::vector<std::int32_t> effective_priorities(const graph::Graph& graph);

/// Effective priority, then upward rank (any measure: larger first), then id. Entry e is the position of element e;
/// positions are 0 .. n-1, smaller first. `priorities` as effective_priorities() gives them.
[[nodiscard]] std::vector<std::uint32_t> start_order(std::span<const std::int32_t> priorities,
                                                     std::span<const double> upward_ranks);
[[nodiscard]] std::vector<std::uint32_t> start_order(const graph::Graph& graph, std::span<const double> upward_ranks);

}  // namespace fugle::plan
