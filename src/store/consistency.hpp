// Whether events make sense for a graph: a journal with holes, or one that belongs to another plan, holds events that
// RunState would take for a bug of ours.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/graph.hpp"
#include "scheduler/event.hpp"
#include "scheduler/run_state.hpp"

namespace fugle::store {

/// apply(run, event) is a legal step.
[[nodiscard]] bool fits(const scheduler::RunState& run, const scheduler::Event& event);

struct Consistent {
  std::vector<scheduler::Event> events;  ///< that can be applied one after another
  std::uint64_t num_dropped = 0;
  std::vector<ElementId> again;  ///< elements with a dropped OK end that are not OK without it, ascending
};
/// Drops each event that does not fit what was kept of those before it.
[[nodiscard]] Consistent keep_consistent(const graph::Graph& graph, std::uint64_t seed,
                                         std::vector<scheduler::Event> events);

}  // namespace fugle::store
