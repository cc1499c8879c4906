// `fugle doctor` as text and as JSON: the machine as Fugleman sees it, and what was checked. Pure: data in, text out.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "topology/topology.hpp"

namespace fugle::app {

enum class Verdict : std::uint8_t {
  good,
  note,  ///< something cannot be used that not everybody needs
  bad,   ///< runs will fail
};

struct Check {
  std::string name;  ///< "spawner"
  Verdict verdict = Verdict::good;
  std::string found;     ///< "/usr/bin/fugle-spawner"
  std::string advice{};  ///< what to do, unless good
};

struct MachineFacts {
  topology::Node node;
  std::uint64_t installed_bytes = 0;     ///< 0: unknown
  std::uint64_t cgroup_limit_bytes = 0;  ///< 0: none
  std::uint32_t cpus_online = 0;         ///< of which this process may use those in node; 0: unknown
  std::vector<std::pair<std::string, std::string>>
      versions;  ///< of what this program runs with: {"MPI", "Open MPI v4.1.4"}
  std::vector<Check> checks;
};

[[nodiscard]] bool is_usable(const MachineFacts& facts);  ///< no check is bad

/// A table with a row for each L3 group (where there are none, for each NUMA node or package), then what was checked.
[[nodiscard]] std::string machine_text(const MachineFacts& facts);
/// {fugle, node: {name, real, switch_path, packages, cores, pus, l3: [{package, numa, cores, cpus}], numa: [{os_index,
/// mem_bytes, package, cpus}], gpus: [{name, vendor, index, visible_as, numa, package}], nics: [...]}, memory:
/// {usable_bytes, installed_bytes, cgroup_limit_bytes}, versions, checks: [{name, verdict, found, advice}], usable}.
/// Groups of a device are null where it is near to none; sizes that are unknown or unlimited are null.
[[nodiscard]] std::string machine_json(const MachineFacts& facts);

}  // namespace fugle::app
