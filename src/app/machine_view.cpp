#include "app/machine_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "app/version.hpp"
#include "base/text.hpp"
#include "report/json_text.hpp"
#include "report/text_table.hpp"

namespace fugle::app {
namespace {

using report::Json;
using topology::Device;
using topology::Level;
using topology::Node;
using topology::Pu;

std::string count_of(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::vector<Pu> pus_in(const Node& node, Level level, std::uint32_t group) {
  std::vector<Pu> pus;
  std::copy_if(node.pus.begin(), node.pus.end(), std::back_inserter(pus),
               [&](const Pu& pu) { return topology::group_of(pu, level) == group; });
  return pus;
}

std::string cpus_text(const std::vector<Pu>& pus) {
  std::vector<std::uint32_t> cpus;
  for (const Pu& pu : pus) cpus.push_back(pu.os_index);
  return topology::list_text(cpus);
}

std::size_t num_cores(const std::vector<Pu>& pus) {
  std::set<std::uint32_t> cores;
  for (const Pu& pu : pus) cores.insert(pu.core);
  return cores.size();
}

/// The narrowest level the machine has groups of.
Level row_level(const Node& node) {
  if (node.has_l3) return Level::l3;
  return node.has_numa ? Level::numa : Level::package;
}

std::string summary(const Node& node) {
  std::string text = count_of(node.num_groups(Level::package), "package");
  if (node.has_numa) text += ", " + count_of(node.num_groups(Level::numa), "NUMA node");
  if (node.has_l3) text += ", " + count_of(node.num_groups(Level::l3), "L3 cache");
  const std::uint32_t cores = node.num_groups(Level::core);
  text += ", " + count_of(cores, "core");
  if (node.num_cores() != cores) text += ", " + count_of(node.num_cores(), "processing unit");
  return text;
}

std::string memory_text(const MachineFacts& facts) {
  std::string text = format_bytes(facts.node.mem_bytes);
  if (facts.installed_bytes > 0) text += fmt::format(" (installed {}", format_bytes(facts.installed_bytes));
  if (facts.installed_bytes > 0 && facts.cgroup_limit_bytes > 0)
    text += fmt::format(", cgroup limit {}", format_bytes(facts.cgroup_limit_bytes));
  return facts.installed_bytes > 0 ? text + ")" : text;
}

/// Of a device beside some groups: told in the first row of the narrowest it is near to.
bool is_told_in_row(const Device& device, const Pu& first, bool begins_numa, bool begins_package) {
  if (device.numa != topology::kNoGroup) return begins_numa && device.numa == first.numa;
  return begins_package && device.package == first.package;
}

std::string names_near(const Node& node, const Pu& first, bool begins_numa, bool begins_package) {
  std::string names;
  for (const auto* devices : {&node.gpus, &node.nics})
    for (const Device& device : *devices)
      if (is_told_in_row(device, first, begins_numa, begins_package)) names += (names.empty() ? "" : " ") + device.name;
  return names;
}

std::string without_trailing_blanks(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') out.erase(out.find_last_not_of(' ') + 1);
    out += c;
  }
  return out;
}

std::string table_text(const Node& node) {
  using report::Align;
  report::TextTable table(
      {"PACKAGE", "NUMA", "MEMORY", "L3", "CORES", "CPUS", "NEAR"},
      {Align::right, Align::right, Align::right, Align::right, Align::right, Align::left, Align::left});
  const Level level = row_level(node);
  std::uint32_t package = topology::kNoGroup, numa = topology::kNoGroup;
  for (std::uint32_t group = 0; group < node.num_groups(level); ++group) {
    const std::vector<Pu> pus = pus_in(node, level, group);
    if (pus.empty()) continue;
    const Pu& first = pus.front();
    const bool begins_package = first.package != package, begins_numa = first.numa != numa;
    package = first.package;
    numa = first.numa;
    const topology::NumaNode memory = numa < node.numa_nodes.size() ? node.numa_nodes[numa] : topology::NumaNode{};
    table.add({begins_package ? std::to_string(package) : "",
               !node.has_numa ? "-"
               : begins_numa  ? std::to_string(memory.os_index)
                              : "",
               begins_numa ? format_bytes(memory.mem_bytes) : "", node.has_l3 ? std::to_string(group) : "-",
               std::to_string(num_cores(pus)), cpus_text(pus), names_near(node, first, begins_numa, begins_package)});
  }
  return without_trailing_blanks(table.to_text(2));
}

std::string devices_text(std::string_view title, const std::vector<Device>& devices) {
  if (devices.empty()) return fmt::format("{:<9}none\n", title);
  std::string text;
  for (const Device& device : devices) {
    std::string far;
    if (device.package == topology::kNoGroup) far = " (near to no package)";
    text += fmt::format("{}{}{}{}", text.empty() ? "" : ", ", device.name,
                        device.vendor.empty() ? "" : " " + device.vendor, far);
  }
  return fmt::format("{:<9}{}\n", title, text);
}

const char* name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::good: return "ok";
    case Verdict::note: return "note";
    case Verdict::bad: break;
  }
  return "FAILED";
}

Json group_or_null(std::uint32_t group) { return group == topology::kNoGroup ? Json() : Json(group); }
Json bytes_or_null(std::uint64_t bytes) { return bytes == 0 ? Json() : Json(bytes); }

Json devices_json(const std::vector<Device>& devices) {
  Json list = Json::array();
  for (const Device& device : devices)
    list.push_back({{"name", device.name},
                    {"vendor", device.vendor},
                    {"index", device.index},
                    {"visible_as", device.visible_as},
                    {"numa", group_or_null(device.numa)},
                    {"package", group_or_null(device.package)}});
  return list;
}

Json node_json(const Node& node) {
  Json l3 = Json::array(), numa = Json::array();
  for (std::uint32_t group = 0; node.has_l3 && group < node.num_groups(Level::l3); ++group) {
    const std::vector<Pu> pus = pus_in(node, Level::l3, group);
    l3.push_back({{"package", pus.front().package},
                  {"numa", pus.front().numa},
                  {"cores", num_cores(pus)},
                  {"cpus", cpus_text(pus)}});
  }
  for (std::uint32_t group = 0; group < node.num_groups(Level::numa); ++group) {
    const std::vector<Pu> pus = pus_in(node, Level::numa, group);
    numa.push_back({{"os_index", node.numa_nodes[group].os_index},
                    {"mem_bytes", node.numa_nodes[group].mem_bytes},
                    {"package", pus.front().package},
                    {"cpus", cpus_text(pus)}});
  }
  return {{"name", node.name},
          {"real", node.is_real},
          {"switch_path", node.switch_path},
          {"packages", node.num_groups(Level::package)},
          {"cores", node.num_groups(Level::core)},
          {"pus", node.num_cores()},
          {"l3", l3},
          {"numa", numa},
          {"gpus", devices_json(node.gpus)},
          {"nics", devices_json(node.nics)}};
}

}  // namespace

bool is_usable(const MachineFacts& facts) {
  return std::none_of(facts.checks.begin(), facts.checks.end(),
                      [](const Check& check) { return check.verdict == Verdict::bad; });
}

std::string machine_text(const MachineFacts& facts) {
  const Node& node = facts.node;
  std::string text =
      fmt::format("{:<9}{}{}\n", "node", node.name, node.is_real ? "" : " (a description stands in for it)");
  text += fmt::format("{:<9}{}\n", "cpus", summary(node));
  if (node.is_real && facts.cpus_online > node.num_cores())
    text += fmt::format("{:<9}of {} only {} may be used here (cgroup or affinity)\n", "", facts.cpus_online,
                        node.num_cores());
  text += fmt::format("{:<9}{}\n", "memory", memory_text(facts));
  text += devices_text("gpus", node.gpus);
  text += devices_text("network", node.nics);
  if (!node.switch_path.empty()) text += fmt::format("{:<9}{}\n", "switches", node.switch_path);
  text += "\n" + table_text(node) + "\n";
  for (const auto& [name, version] : facts.versions) text += fmt::format("{:<9}{}\n", name, version);
  text += "\n";
  for (const Check& check : facts.checks)
    text += fmt::format("{:<8} {:<10} {}{}\n", name_of(check.verdict), check.name, check.found,
                        check.advice.empty() ? "" : "; " + check.advice);
  return text;
}

std::string machine_json(const MachineFacts& facts) {
  Json versions = Json::object(), checks = Json::array();
  for (const auto& [name, version] : facts.versions) versions[name] = version;
  for (const Check& check : facts.checks)
    checks.push_back(
        {{"name", check.name}, {"verdict", name_of(check.verdict)}, {"found", check.found}, {"advice", check.advice}});
  return report::to_pretty_text({{"fugle", kVersion},
                                 {"node", node_json(facts.node)},
                                 {"memory",
                                  {{"usable_bytes", facts.node.mem_bytes},
                                   {"installed_bytes", bytes_or_null(facts.installed_bytes)},
                                   {"cgroup_limit_bytes", bytes_or_null(facts.cgroup_limit_bytes)}}},
                                 {"versions", versions},
                                 {"checks", checks},
                                 {"usable", is_usable(facts)}});
}

}  // namespace fugle::app
