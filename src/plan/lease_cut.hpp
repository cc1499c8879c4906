// What is granted together: connected sets of elements with one home, cut so that few edges cross between them, for
// each edge that does costs messages.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/ids.hpp"
#include "graph/graph.hpp"
#include "plan/slot.hpp"

namespace fugle::plan {

/// Each worker's elements in depth-first order, cut into runs and these into connected pieces: runs follow one another,
/// so that leases of one worker never need each other in both directions. A run has about an eighth of the worker's
/// elements, so that its work can still be balanced, but at least 16 per core of the worker (32 in any case) and at
/// most 64 per core (2,000 in any case): a lease narrower than the worker has edges to its neighbours everywhere.
/// [element] number of its lease, 0 .. count-1 in depth-first order of first elements; elements without a home, and
/// gates, are alone. O(V + E).
[[nodiscard]] std::vector<std::uint32_t> cut_leases(const graph::Graph& graph, std::span<const WorkerId> homes,
                                                    std::span<const Slot> workers);

}  // namespace fugle::plan
