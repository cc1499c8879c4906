#include "topology/topology.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace fugle::topology {

const char* name_of(Level level) {
  switch (level) {
    case Level::core: return "core";
    case Level::l3: return "l3";
    case Level::numa: return "numa";
    case Level::package: return "package";
    case Level::node: break;
  }
  return "node";
}

std::uint32_t group_of(const Pu& pu, Level level) {
  switch (level) {
    case Level::core: return pu.core;
    case Level::l3: return pu.l3;
    case Level::numa: return pu.numa;
    case Level::package: return pu.package;
    case Level::node: break;
  }
  return 0;
}

std::uint32_t Node::num_groups(Level level) const {
  std::uint32_t count = 0;
  for (const Pu& pu : pus) count = std::max(count, group_of(pu, level) + 1);
  return count;
}

Node uniform(const std::string& name, std::uint32_t cores, std::uint64_t mem_bytes, std::uint32_t gpus) {
  Node node;
  node.name = name;
  node.mem_bytes = node.whole_mem_bytes = mem_bytes;
  node.is_real = node.has_l3 = node.has_numa = false;
  for (std::uint32_t i = 0; i < cores; ++i) node.pus.push_back({i, i, 0, 0, 0});
  for (std::uint32_t i = 0; i < gpus; ++i) node.gpus.push_back({"gpu" + std::to_string(i), "", i, 0, 0, {}});
  node.numa_nodes.push_back({0, mem_bytes});
  return node;
}

std::string list_text(std::vector<std::uint32_t> numbers) {
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  std::string text;
  for (std::size_t first = 0; first < numbers.size();) {
    std::size_t last = first;
    while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) ++last;
    text += fmt::format("{}{}", text.empty() ? "" : ",", numbers[first]);
    if (last > first) text += fmt::format("-{}", numbers[last]);
    first = last + 1;
  }
  return text;
}

}  // namespace fugle::topology
