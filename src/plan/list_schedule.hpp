// Event-driven list scheduling: what a machine would do that knows the durations and follows an order. Used to predict
// a run, to compare orders, and by tests as a reference.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/ids.hpp"
#include "graph/graph.hpp"
#include "plan/placement.hpp"
#include "plan/slot.hpp"

namespace fugle::plan {

struct Schedule {
  std::vector<Placement> placements;  ///< [element]
  double makespan_s = 0;
  std::uint32_t num_unplaced = 0;  ///< real elements
};

/// Whenever something ends, the READY elements start by `order` (see start_order) where they fit, on the worker with
/// the most free cores (ties: lowest worker). Elements that fit nowhere, and what needs them, stay unplaced. What ends
/// at one instant ends before anything starts. O((V + E) log V) and a look at each distinct request per instant.
[[nodiscard]] Schedule list_schedule(const graph::Graph& graph, std::span<const Slot> workers,
                                     std::span<const double> durations, std::span<const std::uint32_t> order);

}  // namespace fugle::plan
