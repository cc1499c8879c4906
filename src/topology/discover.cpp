// Where a Node comes from: this machine, or an XML file. See synthetic.cpp for descriptions.
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/error.hpp"
#include "topology/memory_limit.hpp"
#include "topology/read_node.hpp"
#include "topology/slurm_switches.hpp"
#include "topology/topology.hpp"
#include "topology/visible_gpus.hpp"

namespace fugle::topology {
namespace {

std::string host_name() {
  std::array<char, 256> name{};
  check_hwloc(gethostname(name.data(), name.size() - 1), "gethostname");
  return name.data();
}

const char* variable(const char* name) { return std::getenv(name); }

std::string switches_around() {
  const char* const address = variable("SLURM_TOPOLOGY_ADDR");
  const char* const pattern = variable("SLURM_TOPOLOGY_ADDR_PATTERN");
  return address == nullptr ? "" : switch_path_of(address, pattern == nullptr ? "" : pattern);
}

}  // namespace

Node discover() {
  const HwlocTopology topology = load_topology();
  Node node = read_node(topology.get(), host_name());
  node.switch_path = switches_around();
  if (!node.is_real) return node;
  node.mem_bytes = smallest_known({node.mem_bytes, installed_memory("/"), cgroup_memory_limit("/")});
  node.whole_mem_bytes = node.mem_bytes;
  node.gpus = visible_gpus(node.gpus, variable);
  return node;
}

Node from_xml(const std::string& file, const std::string& name) {
  const auto refuse = [&](const char* reason) {
    throw EnvironmentError(
        fmt::format("cannot read the machine in '{}' ({}); write it with 'lstopo --of xml' of hwloc 2", file, reason));
  };
  if (::access(file.c_str(), R_OK) != 0) refuse(std::strerror(errno));
  HwlocTopology topology;
  try {
    topology = load_topology([&](hwloc_topology_t raw) {
      check_hwloc(hwloc_topology_set_xml(raw, file.c_str()), "hwloc_topology_set_xml");
    });
  } catch (const EnvironmentError&) {
    refuse("hwloc does not understand it");
  }
  return read_node(topology.get(), name);
}

}  // namespace fugle::topology
