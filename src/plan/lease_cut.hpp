// What is granted together: connected sets of elements with one home, cut so that few edges cross between them, for
// each edge that does costs messages.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/ids.hpp"
#include "graph/graph.hpp"

namespace fugle::plan {

/// Each worker's elements in depth-first order, cut into runs and these into connected pieces: runs follow one another,
/// so that leases of one worker never need each other in both directions. A run has at most 2,000 elements and, so
/// that the worker's work can still be balanced, at most an eighth of the worker's, but 32 in any case.
/// [element] number of its lease, 0 .. count-1 in depth-first order of first elements; elements without a home, and
/// gates, are alone. O(V + E).
[[nodiscard]] std::vector<std::uint32_t> cut_leases(const graph::Graph& graph, std::span<const WorkerId> homes);

}  // namespace fugle::plan
