#include "topology/pu_groups.hpp"

#include <map>
#include <utility>

namespace fugle::topology {
namespace {

/// Numbers 0, 1, ... for pairs of (number on the machine, group of the next wider level), as they come: what spans
/// several wider groups is a group in each, so that levels nest.
class Numbering {
 public:
  std::uint32_t number(std::uint32_t on_machine, std::uint32_t wider) {
    const auto [found, is_new] = numbers_.try_emplace({on_machine, wider}, static_cast<std::uint32_t>(numbers_.size()));
    if (is_new) machine_numbers_.push_back(on_machine);
    return found->second;
  }
  /// Empty where they are the same.
  [[nodiscard]] std::vector<std::uint32_t> take_machine_numbers() {
    for (std::uint32_t i = 0; i < machine_numbers_.size(); ++i)
      if (machine_numbers_[i] != i) return std::move(machine_numbers_);
    return {};
  }

 private:
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> numbers_;
  std::vector<std::uint32_t> machine_numbers_;
};

std::uint32_t on_machine(const std::vector<std::uint32_t>& numbers, std::uint32_t group) {
  return group < numbers.size() ? numbers[group] : group;
}

}  // namespace

void set_pus(Node& node, const std::vector<MachinePu>& pus) {
  Numbering packages, numas, l3s, cores;
  node.pus.clear();
  node.numa_nodes.clear();
  for (const MachinePu& from : pus) {
    Pu pu;
    pu.os_index = from.os_index;
    pu.package = packages.number(from.package, 0);
    pu.numa = numas.number(from.numa.os_index, pu.package);
    pu.l3 = l3s.number(from.l3, pu.numa);
    pu.core = cores.number(from.core, pu.l3);
    if (pu.numa == node.numa_nodes.size()) node.numa_nodes.push_back(from.numa);
    node.pus.push_back(pu);
  }
  node.whole_numbers = {cores.take_machine_numbers(), l3s.take_machine_numbers(), packages.take_machine_numbers()};
}

std::vector<MachinePu> machine_pus(const Node& node) {
  std::vector<MachinePu> pus;
  pus.reserve(node.pus.size());
  for (const Pu& pu : node.pus) {
    MachinePu on;
    on.os_index = pu.os_index;
    on.core = on_machine(node.whole_numbers.cores, pu.core);
    on.l3 = on_machine(node.whole_numbers.l3s, pu.l3);
    if (pu.numa < node.numa_nodes.size()) on.numa = node.numa_nodes[pu.numa];
    on.package = on_machine(node.whole_numbers.packages, pu.package);
    pus.push_back(on);
  }
  return pus;
}

}  // namespace fugle::topology
