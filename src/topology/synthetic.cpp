// Machines that are only described: hwloc's synthetic strings and what we add to them.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "topology/read_node.hpp"
#include "topology/topology.hpp"

namespace fugle::topology {
namespace {

[[noreturn]] void refuse(const std::string& description) {
  throw EnvironmentError(fmt::format(
      "cannot use the machine '{}' (hwloc does not read it as a synthetic topology); write e.g. 'pack:2 core:4 pu:1'",
      description));
}

struct Description {
  std::string hwloc;
  std::uint32_t gpus_per_package = 0;
};

/// Splits off "gpu:N", which must be the last word. nullopt: it is there but not so.
std::optional<Description> split_gpus(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) text.remove_suffix(1);
  const std::size_t at = text.rfind("gpu:");
  Description out{std::string(text)};
  if (at == std::string_view::npos || (at > 0 && text[at - 1] != ' ')) return out;
  const std::string_view number = text.substr(at + 4);
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), out.gpus_per_package);
  if (error != std::errc{} || end != number.data() + number.size()) return std::nullopt;
  out.hwloc = text.substr(0, at);
  return out;
}

/// hwloc wants the units named even when there is one per core.
std::string with_units(const std::string& description) {
  std::string lower = description;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  const bool names_levels = lower.find(':') != std::string::npos;
  return names_levels && lower.find("pu:") == std::string::npos ? description + " pu:1" : description;
}

/// Numbered package by package; those of a package go to its NUMA nodes in turn, as many to each.
std::vector<Device> make_gpus(const Node& node, std::uint32_t per_package) {
  std::vector<Device> gpus;
  for (std::uint32_t package = 0; package < node.num_groups(Level::package); ++package) {
    std::vector<std::uint32_t> numas;
    for (const Pu& pu : node.pus)
      if (pu.package == package && (numas.empty() || numas.back() != pu.numa)) numas.push_back(pu.numa);
    for (std::uint32_t i = 0; i < per_package; ++i) {
      const auto number = static_cast<std::uint32_t>(gpus.size());
      const std::string name = std::to_string(number);
      gpus.push_back({"gpu" + name, "", number, numas[i * numas.size() / per_package], package, name});
    }
  }
  return gpus;
}

}  // namespace

Node synthetic(const std::string& description, const std::string& name) {
  const auto parts = split_gpus(description);
  if (!parts) refuse(description);
  const std::string text = with_units(parts->hwloc);
  const HwlocTopology topology = load_topology([&](hwloc_topology_t raw) {
    if (hwloc_topology_set_synthetic(raw, text.c_str()) != 0) refuse(description);
  });
  Node node = read_node(topology.get(), name);
  node.gpus = make_gpus(node, parts->gpus_per_package);
  return node;
}

}  // namespace fugle::topology
