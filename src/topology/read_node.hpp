// From hwloc's description to ours: the processing units this process may use, and the memory and devices near them.
#pragma once

#include <string>

#include "topology/hwloc_topology.hpp"
#include "topology/topology.hpp"

namespace fugle::topology {

/// Memory is what hwloc says. Throws EnvironmentError when no processing unit may be used.
[[nodiscard]] Node read_node(hwloc_topology_t topology, const std::string& name);

}  // namespace fugle::topology
