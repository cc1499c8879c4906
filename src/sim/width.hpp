// How wide a graph is: how much of it can run at once.
#pragma once

#include <cstdint>
#include <span>

#include "graph/graph.hpp"

namespace fugle::sim {

/// The most real elements, and the most cores, in use at once when each element starts as soon as its needs have ended.
struct Width {
  std::uint64_t elements = 0;
  std::uint64_t cores = 0;
};

/// `durations` in seconds, one per element; what takes no time counts for an instant. O(V log V + E).
[[nodiscard]] Width width_of(const graph::Graph& graph, std::span<const double> durations);

}  // namespace fugle::sim
