// The machine as data: what this process may use on this node. Discovered with hwloc; synthetic strings stand in for
// machines in tests. Knows nothing of ranks, leases or of binding.
#pragma once

#include <cstdint>
#include <string>

namespace fugle::topology {

struct Node {
  std::string name;             ///< host name
  std::uint32_t cores = 1;      ///< processing units we may run on (cpuset and cgroup respected), never 0
  std::uint64_t mem_bytes = 0;  ///< smallest of hwloc's total, MemTotal and the cgroup's limit
};

/// This node; HWLOC_SYNTHETIC and HWLOC_XMLFILE describe another in its place. Throws EnvironmentError when hwloc
/// fails.
[[nodiscard]] Node discover();
/// From an hwloc synthetic description, e.g. "pack:2 numa:1(memory=1073741824) core:4 pu:1". Throws EnvironmentError
/// when hwloc does not understand it.
[[nodiscard]] Node synthetic(const std::string& description, const std::string& name);

/// The part of a node that rank `local_index` of `num_local` ranks on it takes: an equal share of cores and memory,
/// remainders to the first ranks, at least one core each.
[[nodiscard]] Node share_of(const Node& node, std::uint32_t local_index, std::uint32_t num_local);

}  // namespace fugle::topology
