// How long each element is expected to run, with a guess for those that nobody knows.
#pragma once

#include <vector>

#include "graph/graph.hpp"

namespace fugle::plan {

/// Of a service, how long it takes to be ready: what needs it starts then. How long it runs is up to others.
inline constexpr double kReadyAfter_s = 1;

/// Seconds per element: its estimate; where unknown as fill_unknown() says. Gates take 0, services kReadyAfter_s.
[[nodiscard]] std::vector<double> expected_durations(const graph::Graph& graph);
/// Gives each element at 0, gates aside, the mean of the known ones of its task, else of all, else 1. Services tell
/// nothing about others.
void fill_unknown(const graph::Graph& graph, std::vector<double>& durations);
/// What only runs after a failure (graph/good_run.hpp) takes nothing: a plan is for a run in which nothing fails.
void take_nothing_where_skipped(const graph::Graph& graph, std::vector<double>& durations);

}  // namespace fugle::plan
