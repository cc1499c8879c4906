// Numbers the groups of processing units of a node from what each unit is in on the whole machine. One place for
// nodes that are discovered, cut into shares and merged again.
#pragma once

#include <cstdint>
#include <vector>

#include "topology/topology.hpp"

namespace fugle::topology {

/// A processing unit and what it is in, by numbers of the whole machine (any, but equal for what is the same).
struct MachinePu {
  std::uint32_t os_index = 0;
  std::uint32_t core = 0;
  std::uint32_t l3 = kNoGroup;  ///< kNoGroup: there is none
  NumaNode numa;
  std::uint32_t package = 0;
};

/// Sets pus, numa_nodes and whole_numbers; the units keep their order.
void set_pus(Node& node, const std::vector<MachinePu>& pus);

/// What set_pus() was given.
[[nodiscard]] std::vector<MachinePu> machine_pus(const Node& node);

}  // namespace fugle::topology
