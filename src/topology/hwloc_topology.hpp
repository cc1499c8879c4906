// hwloc's own description of a machine, owned and checked. With read_node.cpp and read_devices.cpp the only place that
// names hwloc.
#pragma once

#include <hwloc.h>

#include <functional>
#include <memory>

namespace fugle::topology {

struct DestroyTopology {
  void operator()(hwloc_topology_t topology) const { hwloc_topology_destroy(topology); }
};
using HwlocTopology = std::unique_ptr<hwloc_topology, DestroyTopology>;

struct FreeBitmap {
  void operator()(hwloc_bitmap_t bitmap) const { hwloc_bitmap_free(bitmap); }
};
using HwlocBitmap = std::unique_ptr<hwloc_bitmap_s, FreeBitmap>;

/// Throws EnvironmentError naming the call when the result says that it failed.
void check_hwloc(int result, const char* call);

/// Loaded with I/O objects and with what this process may not use. `choose_source` may set where it is read from.
[[nodiscard]] HwlocTopology load_topology(const std::function<void(hwloc_topology_t)>& choose_source = {});

}  // namespace fugle::topology
