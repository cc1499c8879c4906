// How long each element is expected to run, with a guess for those that nobody knows.
#pragma once

#include <vector>

#include "graph/graph.hpp"

namespace fugle::plan {

/// Seconds per element: its estimate; where unknown as fill_unknown() says. Gates take 0.
[[nodiscard]] std::vector<double> expected_durations(const graph::Graph& graph);
/// Gives each element at 0, gates aside, the mean of the known ones of its task, else of all, else 1.
void fill_unknown(const graph::Graph& graph, std::vector<double>& durations);

}  // namespace fugle::plan
