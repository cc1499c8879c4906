// Plan: which element goes where and in what order of preference. A pure function of graph, machine and durations.
// A hint: work may move. Knows nothing of what has happened.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/ids.hpp"
#include "graph/graph.hpp"

namespace fugle::plan {

/// What a worker offers.
struct Slot {
  std::uint32_t cores = 1;
  std::uint64_t mem_bytes = 0;  ///< 0: not counted
};

/// Seconds per element: its estimate; where unknown, the mean of the known ones of its task, else of all, else 1.
/// Gates take 0.
[[nodiscard]] std::vector<double> expected_durations(const graph::Graph& graph);

/// The order in which READY elements are preferred: effective priority (own, or the highest of what it blocks), then
/// upward rank, then id. Entry e is the position of element e; positions are 0 .. n-1, smaller first.
[[nodiscard]] std::vector<std::uint32_t> start_order(const graph::Graph& graph, std::span<const double> upward_ranks);

struct Placement {
  double start_s = 0;
  double end_s = 0;
  WorkerId worker;  ///< invalid: fits on no worker
};

/// Event-driven list scheduling by `order`: whenever something ends, the READY elements start in order where they fit,
/// on the worker with the most free cores (ties: lowest worker). Elements that fit nowhere, and what needs them, stay
/// unplaced.
struct Schedule {
  std::vector<Placement> placements;  ///< [element]
  double makespan_s = 0;
  std::uint32_t num_unplaced = 0;  ///< real elements
};
[[nodiscard]] Schedule list_schedule(const graph::Graph& graph, std::span<const Slot> workers,
                                     std::span<const double> durations, std::span<const std::uint32_t> order);

/// No schedule can be shorter: the largest of critical path, area per resource, and head-area-tail
/// (over thresholds a, b: a + (work that can neither start before a nor end later than b before the end) / cores + b).
struct LowerBound {
  double seconds = 0;
  const char* binding = "critical path";  ///< "critical path", "cores", "head-area-tail"
};
[[nodiscard]] LowerBound lower_bound(const graph::Graph& graph, std::span<const Slot> workers,
                                     std::span<const double> durations);

}  // namespace fugle::plan
