// What lower bounds are made of: precedences, times, and resources of which only so much can be taken at once by all
// that runs. Knows nothing of elements and workers; how they are counted is decided in lower_bound.cpp.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "graph/graph.hpp"

namespace fugle::plan {

/// The demands of what runs at one time never add up to more than the capacity.
struct CountedResource {
  const char* name = "";
  double capacity = 1;
  std::vector<double> demands;  ///< [task]
};

struct BoundModel {
  const graph::Rows& needs;
  const graph::Rows& successors;
  std::vector<double> durations;  ///< [task] seconds, the shortest possible
  std::vector<CountedResource> resources;
};

/// Each task after all it needs.
[[nodiscard]] std::vector<std::uint32_t> topological_order(const graph::Rows& needs, const graph::Rows& successors);

/// The longest chain of durations that ends just before each task. `order`: each task after what it `needs`.
[[nodiscard]] std::vector<double> longest_paths(const graph::Rows& needs, std::span<const double> durations,
                                                std::span<const std::uint32_t> order);

/// No schedule starts a task earlier: the longest path before it, and before each join on the way the time in which
/// the capacities let all that is joined be done. Called with `successors` for `needs` and the order reversed it tells
/// how long before the end a task must have ended.
[[nodiscard]] std::vector<double> earliest_starts(const BoundModel& model, const graph::Rows& needs,
                                                  std::span<const std::uint32_t> order);

/// What surrounds the tasks that take something of one resource.
struct BoundItem {
  double head;      ///< seconds before it, at least
  double tail;      ///< seconds after it, at least
  double duration;  ///< seconds
  double demand;    ///< more than 0
};

/// Max over thresholds a, b of a + (work of items with head >= a and tail >= b) / capacity + b. O(V log V).
[[nodiscard]] double head_area_tail(std::vector<BoundItem> items, double capacity);

/// Max over some thresholds a, b and all j of a + b + (time of the j + 1 shortest of the K j + 1 longest items with
/// head >= a and tail >= b), where at most K items fit at once. At most about 2e7 steps.
[[nodiscard]] double packing(std::vector<BoundItem> items, double capacity);

}  // namespace fugle::plan
