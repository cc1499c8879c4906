// An order that finishes what it has begun: after an element, what it made READY, latest first.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "graph/graph.hpp"
#include "plan/problem.hpp"

namespace fugle::plan {

/// All elements, each after what it needs. O(V + E).
[[nodiscard]] std::vector<std::uint32_t> depth_first_sequence(const graph::Graph& graph);

/// The sequence cut into one piece per worker, of work in proportion to its cores. [element] home; none for gates and
/// for those that choose their place.
[[nodiscard]] std::vector<WorkerId> cut_sequence(const Problem& problem, std::span<const std::uint32_t> sequence);

}  // namespace fugle::plan
