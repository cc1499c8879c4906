// What is to be planned: a graph, the workers it can run on, how long things take there and how far apart they are.
// Views: whoever makes a Problem keeps what it looks at.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/ids.hpp"
#include "graph/graph.hpp"
#include "plan/slot.hpp"

namespace fugle::plan {

/// The workers and the distances between them.
struct Machine {
  std::vector<Slot> workers;
  std::vector<std::uint32_t> node_of{};    ///< [worker]; empty: each worker is a node of its own
  std::vector<std::uint32_t> switch_of{};  ///< [node]; empty: all nodes are under one switch
  double seconds_per_byte = 0;  ///< of data that goes from node to node; 0: it takes no time (and still counts)
  double switch_factor = 2;     ///< as much longer it takes, and weighs, under different switches

  [[nodiscard]] std::uint32_t num_workers() const { return static_cast<std::uint32_t>(workers.size()); }
  [[nodiscard]] std::uint32_t node(std::uint32_t worker) const { return node_of.empty() ? worker : node_of[worker]; }
  /// 0 on one node, 1 under one switch, else switch_factor.
  [[nodiscard]] double distance(std::uint32_t a, std::uint32_t b) const {
    const std::uint32_t from = node(a), to = node(b);
    if (from == to) return 0;
    return switch_of.empty() || switch_of[from] == switch_of[to] ? 1 : switch_factor;
  }
  /// Seconds between the end of a task on worker `a` and the arrival of its data at worker `b`.
  [[nodiscard]] double transfer_s(std::uint32_t a, std::uint32_t b, double bytes) const {
    return bytes * seconds_per_byte * distance(a, b);
  }
};

struct Problem {
  const graph::Graph& graph;
  const Machine& machine;
  std::span<const double> durations;  ///< [element] seconds; the mean over the workers where they differ
  /// [element x num_workers + worker] seconds on unrelated machines; empty: `durations` everywhere.
  std::span<const double> durations_on = {};
  bool are_durations_known = true;  ///< false: all guessed; then no policy takes long over its plan

  [[nodiscard]] double duration(std::uint32_t element, std::uint32_t worker) const {
    return durations_on.empty() ? durations[element]
                                : durations_on[std::size_t{element} * machine.num_workers() + worker];
  }
  /// Whether some elements are run by several workers, want a node as a whole, hold tokens, or are services: only
  /// predict() can place those.
  [[nodiscard]] bool has_parties() const;
  /// Of the i-th entry of graph.needs(element); 1 where the graph knows no bytes, 0 out of gates.
  [[nodiscard]] double bytes_of_need(std::uint32_t element, std::size_t i) const;
};

}  // namespace fugle::plan
