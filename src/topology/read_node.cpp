#include "topology/read_node.hpp"

#include <array>
#include <cstring>
#include <map>
#include <set>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "topology/pu_groups.hpp"
#include "topology/read_devices.hpp"

namespace fugle::topology {
namespace {

/// Cgroup cpusets, and the affinity mask, which a description of another machine does not have.
HwlocBitmap usable_cpus(hwloc_topology_t topology) {
  HwlocBitmap usable(hwloc_bitmap_dup(hwloc_topology_get_allowed_cpuset(topology)));
  const HwlocBitmap bound(hwloc_bitmap_alloc());
  if (hwloc_topology_is_thissystem(topology) != 0 &&
      hwloc_get_cpubind(topology, bound.get(), HWLOC_CPUBIND_PROCESS) == 0)
    hwloc_bitmap_and(usable.get(), usable.get(), bound.get());
  return usable;
}

/// Not memory that programs are given unasked: high-bandwidth and persistent memory, that of GPUs.
bool is_special(hwloc_obj_t numa) {
  static constexpr std::array<std::string_view, 5> kKinds{"HBM", "MCDRAM", "GPUMemory", "NVM", "SPM"};
  for (const std::string_view kind : kKinds)
    if (numa->subtype != nullptr && kind == numa->subtype) return true;
  return false;
}

/// Ordinary NUMA nodes whose memory may be used.
std::vector<hwloc_obj_t> usable_numa_nodes(hwloc_topology_t topology) {
  const hwloc_const_nodeset_t allowed = hwloc_topology_get_allowed_nodeset(topology);
  std::vector<hwloc_obj_t> usable;
  for (hwloc_obj_t numa = nullptr; (numa = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_NUMANODE, numa)) != nullptr;)
    if (hwloc_bitmap_isset(allowed, numa->os_index) != 0 && !is_special(numa)) usable.push_back(numa);
  return usable;
}

/// The narrowest around the unit; the first where none is.
hwloc_obj_t nearest_numa_node(const std::vector<hwloc_obj_t>& numa_nodes, hwloc_obj_t pu) {
  hwloc_obj_t nearest = nullptr;
  for (const hwloc_obj_t numa : numa_nodes) {
    if (hwloc_bitmap_isset(numa->cpuset, pu->os_index) == 0) continue;
    if (nearest == nullptr || hwloc_bitmap_weight(numa->cpuset) < hwloc_bitmap_weight(nearest->cpuset)) nearest = numa;
  }
  if (nearest != nullptr || numa_nodes.empty()) return nearest;
  return numa_nodes.front();
}

std::uint32_t number_of_ancestor(hwloc_topology_t topology, hwloc_obj_type_t type, hwloc_obj_t pu,
                                 std::uint32_t when_absent) {
  const hwloc_obj_t ancestor = hwloc_get_ancestor_obj_by_type(topology, type, pu);
  return ancestor == nullptr ? when_absent : ancestor->logical_index;
}

/// Where a NUMA node spans packages each has an equal part of its memory.
void divide_memory_between_packages(std::vector<MachinePu>& pus) {
  std::map<std::uint32_t, std::set<std::uint32_t>> packages_of;
  for (const MachinePu& pu : pus) packages_of[pu.numa.os_index].insert(pu.package);
  for (MachinePu& pu : pus) pu.numa.mem_bytes /= packages_of[pu.numa.os_index].size();
}

int num_ordinary_numa_nodes(hwloc_topology_t topology) {
  int count = 0;
  for (hwloc_obj_t numa = nullptr; (numa = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_NUMANODE, numa)) != nullptr;)
    if (!is_special(numa)) ++count;
  return count;
}

}  // namespace

Node read_node(hwloc_topology_t topology, const std::string& name) {
  const HwlocBitmap usable = usable_cpus(topology);
  const std::vector<hwloc_obj_t> numa_nodes = usable_numa_nodes(topology);
  Node node;
  node.name = name;
  node.is_real = hwloc_topology_is_thissystem(topology) != 0;
  node.has_numa = num_ordinary_numa_nodes(topology) > 1;
  for (const hwloc_obj_t numa : numa_nodes) node.mem_bytes += numa->attr->numanode.local_memory;
  std::vector<MachinePu> pus;
  for (hwloc_obj_t pu = nullptr; (pu = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_PU, pu)) != nullptr;) {
    if (hwloc_bitmap_isset(usable.get(), pu->os_index) == 0) continue;
    MachinePu& on = pus.emplace_back();
    on.os_index = pu->os_index;
    on.core = number_of_ancestor(topology, HWLOC_OBJ_CORE, pu, pu->logical_index);
    on.l3 = number_of_ancestor(topology, HWLOC_OBJ_L3CACHE, pu, kNoGroup);
    on.package = number_of_ancestor(topology, HWLOC_OBJ_PACKAGE, pu, 0);
    if (on.l3 == kNoGroup) node.has_l3 = false;
    if (const hwloc_obj_t numa = nearest_numa_node(numa_nodes, pu); numa != nullptr)
      on.numa = {numa->os_index, numa->attr->numanode.local_memory};
  }
  if (pus.empty()) throw EnvironmentError("no processing unit of this node may be used (see 'taskset -p $$')");
  divide_memory_between_packages(pus);
  set_pus(node, pus);
  node.gpus = read_gpus(topology, node);
  node.nics = read_nics(topology, node);
  node.whole_mem_bytes = node.mem_bytes;
  return node;
}

}  // namespace fugle::topology
