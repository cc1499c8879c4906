// Where elements run on the nodes at some moment of a plan: nodes, packages, L3 groups and cores as a drawing for the
// terminal, and the replay of a prediction that finds out which cores are whose. Pure: data in, text out.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "graph/graph.hpp"
#include "plan/predict.hpp"
#include "topology/cpu_allocator.hpp"
#include "topology/topology.hpp"

namespace fugle::app {

/// An element that runs, and what it holds of its node.
struct PlacedElement {
  std::string id;
  std::string task;
  std::uint32_t node = 0;  ///< position in the nodes
  topology::Holding
      holding;           ///< by position in Node::pus and Node::gpus; empty: its worker has more cores than its node
  bool is_bound = true;  ///< false: it may run anywhere on its worker; the cores are counted, not bound
  double start_s = 0;
  double end_s = 0;
};

/// The machines of a prediction's workers. Several workers on one node share it as ranks do (topology::share_of).
struct PlacementMachine {
  std::span<const topology::Node> nodes;
  std::span<const std::uint32_t> node_of;  ///< [worker] position in nodes; empty: worker i is node i
};

/// When most cores are in use; the first such moment, 0 when nothing runs.
[[nodiscard]] double busiest_moment(const graph::Graph& graph, const plan::Prediction& prediction);

/// What runs at a moment (what ends then does not, what starts then does), in the order of starts; of an element with
/// several nodes one entry for each. Starts and ends are
/// replayed from the beginning through the allocators of the workers, ends before starts, ties by id: the same holdings
/// as a run without noise has.
[[nodiscard]] std::vector<PlacedElement> placements_at(const graph::Graph& graph, const plan::Prediction& prediction,
                                                       const PlacementMachine& machine, double moment_s);

struct PlacementDrawing {
  std::size_t width = 80;     ///< columns
  std::size_t max_nodes = 4;  ///< further ones are summed up in one line
};
/// A row for each package: L3 groups apart by blanks, NUMA nodes by '|', a letter for each core and '.' for a free one.
/// A letter stands for an element, a legend says which; with more than 52 elements on the nodes that are drawn it
/// stands for a task, in small and capital letters by turns so that neighbours can be told apart. Where the threads of
/// a core are not all of one element, each thread of the node is drawn.
[[nodiscard]] std::string placement_text(std::span<const topology::Node> nodes, std::span<const PlacedElement> running,
                                         const PlacementDrawing& drawing = {});

}  // namespace fugle::app
