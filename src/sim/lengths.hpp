// How long attempts take in a simulation, and what is known of it beforehand.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "graph/graph.hpp"
#include "sim/simulate.hpp"

namespace fugle::sim {

/// [element] seconds as the planner knows them. O(V).
[[nodiscard]] std::vector<double> known_durations(const graph::Graph& graph, std::span<const double> durations,
                                                  std::span<const std::uint32_t> kinds, Known known);

/// [element] seconds that the first attempts take.
[[nodiscard]] std::vector<double> with_noise(std::span<const double> durations, double noise, std::uint64_t seed);

}  // namespace fugle::sim
