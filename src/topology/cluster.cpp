#include "topology/cluster.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>

#include "topology/pu_groups.hpp"

namespace fugle::topology {
namespace {

/// The same device with its groups named by numbers that hold on the whole machine: of any processing unit in them.
struct PlacedDevice {
  Device device;
  std::uint32_t pu_in_numa = kNoGroup;
  std::uint32_t pu_in_package = kNoGroup;
};

PlacedDevice place(const Device& device, const Node& part) {
  PlacedDevice placed{device};
  for (const Pu& pu : part.pus) {
    if (pu.numa == device.numa) placed.pu_in_numa = pu.os_index;
    if (pu.package == device.package) placed.pu_in_package = pu.os_index;
  }
  return placed;
}

/// By index; of two views the one that knows where the device is.
void unite(std::map<std::uint32_t, PlacedDevice>& devices, const std::vector<Device>& more, const Node& part) {
  for (const Device& device : more) {
    const PlacedDevice placed = place(device, part);
    const auto [found, is_new] = devices.emplace(device.index, placed);
    if (is_new) continue;
    if (found->second.pu_in_numa == kNoGroup) found->second.pu_in_numa = placed.pu_in_numa;
    if (found->second.pu_in_package == kNoGroup) found->second.pu_in_package = placed.pu_in_package;
  }
}

std::vector<Device> devices_of(const std::map<std::uint32_t, PlacedDevice>& placed_devices, const Node& node) {
  std::vector<Device> devices;
  for (const auto& [index, placed] : placed_devices) {
    Device& device = devices.emplace_back(placed.device);
    device.numa = device.package = kNoGroup;
    for (const Pu& pu : node.pus) {
      if (pu.os_index == placed.pu_in_numa) device.numa = pu.numa;
      if (pu.os_index == placed.pu_in_package) device.package = pu.package;
    }
  }
  return devices;
}

Node unite(const std::vector<const Node*>& parts) {
  Node node = *parts.front();
  if (parts.size() == 1) return node;
  std::vector<MachinePu> pus;
  std::set<std::uint32_t> seen;
  std::map<std::uint32_t, PlacedDevice> gpus, nics;
  node.mem_bytes = 0;
  for (const Node* part : parts) {
    for (const MachinePu& pu : machine_pus(*part))
      if (seen.insert(pu.os_index).second) pus.push_back(pu);
    unite(gpus, part->gpus, *part);
    unite(nics, part->nics, *part);
    node.mem_bytes += part->mem_bytes;
    node.whole_mem_bytes = std::max(node.whole_mem_bytes, part->whole_mem_bytes);
  }
  if (node.whole_mem_bytes > 0) node.mem_bytes = std::min(node.mem_bytes, node.whole_mem_bytes);
  // Cores are numbered in topological order.
  std::sort(pus.begin(), pus.end(), [](const MachinePu& a, const MachinePu& b) {
    return std::tie(a.core, a.os_index) < std::tie(b.core, b.os_index);
  });
  set_pus(node, pus);
  node.gpus = devices_of(gpus, node);
  node.nics = devices_of(nics, node);
  return node;
}

/// Equal texts get equal numbers.
class NumberOfText {
 public:
  std::uint32_t operator()(const std::string& text) {
    return numbers_.emplace(text, static_cast<std::uint32_t>(numbers_.size())).first->second;
  }

 private:
  std::unordered_map<std::string, std::uint32_t> numbers_;
};

}  // namespace

Cluster merge(std::span<const Node> rank_nodes) {
  Cluster cluster;
  NumberOfText node_number, switch_number;
  std::vector<std::vector<const Node*>> parts_of_node;
  for (const Node& part : rank_nodes) {
    const std::uint32_t node = node_number(part.name);
    cluster.node_of_rank.push_back(node);
    if (node == parts_of_node.size()) parts_of_node.emplace_back();
    parts_of_node[node].push_back(&part);
  }
  for (const auto& parts : parts_of_node) cluster.nodes.push_back(unite(parts));
  for (const Node& node : cluster.nodes) cluster.switch_of_node.push_back(switch_number(node.switch_path));
  return cluster;
}

}  // namespace fugle::topology
