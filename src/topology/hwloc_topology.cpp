#include "topology/hwloc_topology.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "base/error.hpp"
#include "topology/topology.hpp"

namespace fugle::topology {

void check_hwloc(int result, const char* call) {
  if (result >= 0) return;
  throw EnvironmentError(
      fmt::format("cannot read the topology of this node ({}: {}); try lstopo", call, std::strerror(errno)));
}

HwlocTopology load_topology(const std::function<void(hwloc_topology_t)>& choose_source) {
  hwloc_topology_t raw = nullptr;
  check_hwloc(hwloc_topology_init(&raw), "hwloc_topology_init");
  HwlocTopology topology(raw);
  if (choose_source) choose_source(raw);
  // What may not be used is left out by us: so groups have the same numbers for all ranks of a node.
  check_hwloc(hwloc_topology_set_flags(raw, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED), "hwloc_topology_set_flags");
  check_hwloc(hwloc_topology_set_io_types_filter(raw, HWLOC_TYPE_FILTER_KEEP_IMPORTANT),
              "hwloc_topology_set_io_types_filter");
  // The first four start the drivers (a second, hundreds of megabytes, threads) to tell what the PCI bus tells too; the
  // last leaks, and without it hwloc reads the bus from /sys. An absent plugin is no error to us.
  for (const char* plugin : {"cuda", "opencl", "levelzero", "gl", "pci"})
    (void)hwloc_topology_set_components(raw, HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST, plugin);
  check_hwloc(hwloc_topology_load(raw), "hwloc_topology_load");
  return topology;
}

std::string hwloc_version() {
  // The library tells only of its interface; every description it makes tells who made it.
  const HwlocTopology topology = load_topology([](hwloc_topology_t raw) {
    check_hwloc(hwloc_topology_set_synthetic(raw, "1"), "hwloc_topology_set_synthetic");
  });
  const char* version = hwloc_obj_get_info_by_name(hwloc_get_root_obj(topology.get()), "hwlocVersion");
  return version != nullptr ? version : "unknown";
}

}  // namespace fugle::topology
