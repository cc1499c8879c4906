// The order in which READY elements are preferred.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "graph/graph.hpp"

namespace fugle::plan {

/// Effective priority (own, or the highest of what it blocks), then upward rank, then id. Entry e is the position of
/// element e; positions are 0 .. n-1, smaller first.
[[nodiscard]] std::vector<std::uint32_t> start_order(const graph::Graph& graph, std::span<const double> upward_ranks);

}  // namespace fugle::plan
