// The machines under a run: what the ranks say of their nodes, put together. Several ranks on one host are one node,
// and what they share is counted once. Knows hosts by name.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "topology/topology.hpp"

namespace fugle::topology {

struct Cluster {
  std::vector<Node> nodes;                    ///< distinct hosts, in the order of their first ranks
  std::vector<std::uint32_t> node_of_rank;    ///< [rank] position in nodes
  std::vector<std::uint32_t> switch_of_node;  ///< [node] equal under one leaf switch; numbered 0, 1, ... as they come
  bool operator==(const Cluster&) const = default;
};

/// Each rank may say what it has for itself (share_of) or all it sees (discover). Processing units are the union; so
/// are GPUs, by index; memory adds up to what the whole node has at most.
[[nodiscard]] Cluster merge(std::span<const Node> rank_nodes);

}  // namespace fugle::topology
