#include "topology/topology.hpp"

#include <fmt/format.h>
#include <hwloc.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "base/assert.hpp"
#include "base/error.hpp"
#include "topology/memory_limit.hpp"

namespace fugle::topology {
namespace {

struct DestroyTopology {
  void operator()(hwloc_topology_t topology) const { hwloc_topology_destroy(topology); }
};
using Topology = std::unique_ptr<hwloc_topology, DestroyTopology>;

struct FreeBitmap {
  void operator()(hwloc_bitmap_t bitmap) const { hwloc_bitmap_free(bitmap); }
};
using Bitmap = std::unique_ptr<hwloc_bitmap_s, FreeBitmap>;

void check(int result, const char* call) {
  if (result >= 0) return;
  throw EnvironmentError(
      fmt::format("cannot read the topology of this node ({}: {}); try lstopo", call, std::strerror(errno)));
}

Topology empty_topology() {
  hwloc_topology_t topology = nullptr;
  check(hwloc_topology_init(&topology), "hwloc_topology_init");
  return Topology(topology);
}

/// Cgroup cpusets are left out by hwloc itself. The affinity mask is not, and a description of another machine has
/// none.
Node usable_part(hwloc_topology_t topology, const std::string& name, std::uint64_t mem_bytes) {
  const Bitmap usable(hwloc_bitmap_dup(hwloc_topology_get_allowed_cpuset(topology)));
  const Bitmap bound(hwloc_bitmap_alloc());
  if (hwloc_topology_is_thissystem(topology) != 0 &&
      hwloc_get_cpubind(topology, bound.get(), HWLOC_CPUBIND_PROCESS) == 0) {
    hwloc_bitmap_and(usable.get(), usable.get(), bound.get());
  }
  Node node;
  node.name = name;
  node.mem_bytes = mem_bytes;
  for (int os = hwloc_bitmap_first(usable.get()); os != -1; os = hwloc_bitmap_next(usable.get(), os)) {
    const auto core = static_cast<std::uint32_t>(node.pus.size());
    node.pus.push_back({static_cast<std::uint32_t>(os), core, 0, 0, 0});
  }
  return node;
}

std::uint64_t total_memory(hwloc_topology_t topology) { return hwloc_get_root_obj(topology)->total_memory; }

std::string host_name() {
  std::array<char, 256> name{};
  check(gethostname(name.data(), name.size() - 1), "gethostname");
  return name.data();
}

}  // namespace

Node discover() {
  const Topology topology = empty_topology();
  check(hwloc_topology_load(topology.get()), "hwloc_topology_load");
  Node node = usable_part(topology.get(), host_name(), total_memory(topology.get()));
  if (hwloc_topology_is_thissystem(topology.get()) != 0) {
    node.mem_bytes = smallest_known({node.mem_bytes, installed_memory("/"), cgroup_memory_limit("/")});
  }
  return node;
}

Node synthetic(const std::string& description, const std::string& name) {
  const Topology topology = empty_topology();
  if (hwloc_topology_set_synthetic(topology.get(), description.c_str()) != 0) {
    throw EnvironmentError(fmt::format(
        "cannot use the machine '{}' (hwloc does not read it as a synthetic topology); write e.g. 'pack:2 core:4 pu:1'",
        description));
  }
  check(hwloc_topology_load(topology.get()), "hwloc_topology_load");
  return usable_part(topology.get(), name, total_memory(topology.get()));
}

Node uniform(const std::string& name, std::uint32_t cores, std::uint64_t mem_bytes, std::uint32_t gpus) {
  Node node;
  node.name = name;
  node.mem_bytes = mem_bytes;
  node.is_real = false;
  for (std::uint32_t i = 0; i < cores; ++i) node.pus.push_back({i, i, 0, 0, 0});
  for (std::uint32_t i = 0; i < gpus; ++i) node.gpus.push_back({"gpu" + std::to_string(i), "", i, 0, 0});
  node.numa_nodes.push_back({0, mem_bytes});
  return node;
}

Node share_of(const Node& node, std::uint32_t local_index, std::uint32_t num_local) {
  FUGLE_EXPECT(local_index < num_local);
  const auto part = [&](auto whole) -> decltype(whole) {
    return whole / num_local + (local_index < whole % num_local ? 1 : 0);
  };
  Node share = node;
  share.pus.resize(std::max(1u, part(node.num_cores())));
  share.mem_bytes = part(node.mem_bytes);
  return share;
}

}  // namespace fugle::topology
