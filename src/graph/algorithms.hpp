// Questions about the shape of a DAG, answered with Boost.Graph. Pure functions, linear in elements and edges.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/ids.hpp"
#include "graph/graph.hpp"

namespace fugle::graph {

/// Some cycle of the rows "v needs w", as v0, v1, ..., vk with v0 == vk and each needing the next; empty when acyclic.
/// The cycle is a shortest one through its smallest vertex, so the answer does not depend on the order of edges.
[[nodiscard]] std::vector<std::uint32_t> find_cycle(const Rows& needs);

/// Elements so that each comes after all it needs; deterministic.
[[nodiscard]] std::vector<std::uint32_t> topological_order(const Graph& graph);
/// The same of the rows "v needs w", which have to be acyclic.
[[nodiscard]] std::vector<std::uint32_t> topological_order(const Rows& needs);

/// Upward rank in seconds (Topcuoglu, Hariri, Wu 2002, without communication): own duration plus the largest upward
/// rank among successors. `durations` in seconds, one per element.
[[nodiscard]] std::vector<double> upward_ranks(const Graph& graph, std::span<const double> durations);

/// The longest path by duration, from a source to a sink; ties by id. Gates are left out of the answer.
[[nodiscard]] std::vector<ElementId> critical_path(const Graph& graph, std::span<const double> durations);

}  // namespace fugle::graph
