// How long each element is expected to run, with a guess for those that nobody knows.
#pragma once

#include <vector>

#include "graph/graph.hpp"

namespace fugle::plan {

/// Seconds per element: its estimate; where unknown, the mean of the known ones of its task, else of all, else 1.
/// Gates take 0.
[[nodiscard]] std::vector<double> expected_durations(const graph::Graph& graph);

}  // namespace fugle::plan
