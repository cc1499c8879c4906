// Nodes as bytes, in the order of the fields. Damage that keeps the structure (another digit in a name) is not found.
#include "base/codec.hpp"
#include "base/error.hpp"
#include "topology/topology.hpp"

namespace fugle::topology {
namespace {

constexpr std::uint32_t kVersion = 1;

void put(ByteWriter& out, const Device& device) {
  out.put(device.name);
  out.put(device.vendor);
  out.put(device.index);
  out.put(device.numa);
  out.put(device.package);
  out.put(device.visible_as);
}

Device get_device(ByteReader& in) {
  Device device;
  device.name = in.get<std::string>();
  device.vendor = in.get<std::string>();
  device.index = in.get<std::uint32_t>();
  device.numa = in.get<std::uint32_t>();
  device.package = in.get<std::uint32_t>();
  device.visible_as = in.get<std::string>();
  return device;
}

void put(ByteWriter& out, const std::vector<std::uint32_t>& numbers) {
  out.put_all(numbers, [&](std::uint32_t number) { out.put(number); });
}

std::vector<std::uint32_t> get_numbers(ByteReader& in) {
  return in.get_all<std::uint32_t>([&] { return in.get<std::uint32_t>(); });
}

void put(ByteWriter& out, const Pu& pu) {
  out.put(pu.os_index);
  out.put(pu.core);
  out.put(pu.l3);
  out.put(pu.numa);
  out.put(pu.package);
}

Pu get_pu(ByteReader& in) {
  Pu pu;
  pu.os_index = in.get<std::uint32_t>();
  pu.core = in.get<std::uint32_t>();
  pu.l3 = in.get<std::uint32_t>();
  pu.numa = in.get<std::uint32_t>();
  pu.package = in.get<std::uint32_t>();
  return pu;
}

enum Flag : std::uint8_t { is_real = 1, has_l3 = 2, has_numa = 4, all_flags = 7 };

std::uint8_t flags_of(const Node& node) {
  return static_cast<std::uint8_t>((node.is_real ? Flag::is_real : 0) | (node.has_l3 ? Flag::has_l3 : 0) |
                                   (node.has_numa ? Flag::has_numa : 0));
}

/// What others index with these numbers.
bool is_consistent(const Node& node) {
  const auto num_pus = static_cast<std::uint32_t>(node.pus.size());
  for (const Pu& pu : node.pus)
    if (pu.core >= num_pus || pu.l3 >= num_pus || pu.numa >= node.numa_nodes.size() || pu.package >= num_pus)
      return false;
  for (const auto* devices : {&node.gpus, &node.nics})
    for (const Device& device : *devices)
      if ((device.numa != kNoGroup && device.numa >= node.numa_nodes.size()) ||
          (device.package != kNoGroup && device.package >= num_pus))
        return false;
  return true;
}

}  // namespace

std::string encode_node(const Node& node) {
  ByteWriter out;
  out.put(kVersion);
  out.put(node.name);
  out.put_all(node.pus, [&](const Pu& pu) { put(out, pu); });
  out.put_all(node.numa_nodes, [&](const NumaNode& numa) { out.put(numa.os_index), out.put(numa.mem_bytes); });
  out.put_all(node.gpus, [&](const Device& device) { put(out, device); });
  out.put_all(node.nics, [&](const Device& device) { put(out, device); });
  out.put(node.mem_bytes);
  out.put(node.switch_path);
  out.put(flags_of(node));
  out.put(node.whole_mem_bytes);
  put(out, node.whole_numbers.cores);
  put(out, node.whole_numbers.l3s);
  put(out, node.whole_numbers.packages);
  return out.take();
}

Node decode_node(std::string_view bytes) {
  ByteReader in(bytes);
  const auto version = in.get<std::uint32_t>();
  Node node;
  node.name = in.get<std::string>();
  node.pus = in.get_all<Pu>([&] { return get_pu(in); });
  node.numa_nodes = in.get_all<NumaNode>([&] {
    const auto os_index = in.get<std::uint32_t>();
    return NumaNode{os_index, in.get<std::uint64_t>()};
  });
  node.gpus = in.get_all<Device>([&] { return get_device(in); });
  node.nics = in.get_all<Device>([&] { return get_device(in); });
  node.mem_bytes = in.get<std::uint64_t>();
  node.switch_path = in.get<std::string>();
  const auto flags = in.get<std::uint8_t>();
  node.is_real = (flags & Flag::is_real) != 0;
  node.has_l3 = (flags & Flag::has_l3) != 0;
  node.has_numa = (flags & Flag::has_numa) != 0;
  node.whole_mem_bytes = in.get<std::uint64_t>();
  node.whole_numbers.cores = get_numbers(in);
  node.whole_numbers.l3s = get_numbers(in);
  node.whole_numbers.packages = get_numbers(in);
  if (in.failed() || !in.at_end() || version != kVersion || flags > Flag::all_flags || !is_consistent(node))
    throw EnvironmentError("the description of a node is damaged (or of another version); start all ranks alike");
  return node;
}

}  // namespace fugle::topology
