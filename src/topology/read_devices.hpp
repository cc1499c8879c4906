// GPUs and network cards as hwloc lists them: one per PCI device, named as its library names it where hwloc knows.
#pragma once

#include <vector>

#include "topology/hwloc_topology.hpp"
#include "topology/topology.hpp"

namespace fugle::topology {

/// In PCI order. Their nearness is told in groups of `node`.
[[nodiscard]] std::vector<Device> read_gpus(hwloc_topology_t topology, const Node& node);
[[nodiscard]] std::vector<Device> read_nics(hwloc_topology_t topology, const Node& node);

}  // namespace fugle::topology
