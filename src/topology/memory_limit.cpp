#include "topology/memory_limit.hpp"

#include <algorithm>
#include <fstream>
#include <string>

namespace fugle::topology {
namespace {

/// Version 1 writes "no limit" as the largest multiple of the page size below 2^63.
constexpr std::uint64_t kNoLimit = std::uint64_t{1} << 62;

/// 0 for "max", for a file that is not there, and for what no machine has.
std::uint64_t read_limit(const std::filesystem::path& file) {
  std::uint64_t bytes = 0;
  std::ifstream in(file);
  return in >> bytes && bytes < kNoLimit ? bytes : 0;
}

/// Over the group and its ancestors. Inside a container the path may be that of the host: then only the mount's root is
/// there, and it is ours.
std::uint64_t smallest_on_the_way(const std::filesystem::path& mount, const std::filesystem::path& group,
                                  const char* file) {
  std::uint64_t smallest = read_limit(mount / file);
  std::filesystem::path directory = mount;
  for (const auto& part : group.relative_path()) {
    directory /= part;
    smallest = smallest_known({smallest, read_limit(directory / file)});
  }
  return smallest;
}

}  // namespace

std::uint64_t smallest_known(std::initializer_list<std::uint64_t> values) {
  std::uint64_t smallest = 0;
  for (const std::uint64_t value : values) {
    if (value != 0 && (smallest == 0 || value < smallest)) smallest = value;
  }
  return smallest;
}

std::uint64_t installed_memory(const std::filesystem::path& root) {
  std::ifstream in(root / "proc/meminfo");
  std::string key;
  std::uint64_t kib = 0;
  return in >> key >> kib && key == "MemTotal:" ? kib * 1024 : 0;
}

std::uint64_t cgroup_memory_limit(const std::filesystem::path& root) {
  const std::filesystem::path mount = root / "sys/fs/cgroup";
  std::uint64_t smallest = 0;
  std::ifstream in(root / "proc/self/cgroup");
  for (std::string line; std::getline(in, line);) {  // hierarchy:controllers:path
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const std::filesystem::path group = line.substr(second + 1);
    if (controllers == ",,") {
      smallest = smallest_known({smallest, smallest_on_the_way(mount, group, "memory.max")});
    } else if (controllers.find(",memory,") != std::string::npos) {
      smallest = smallest_known({smallest, smallest_on_the_way(mount / "memory", group, "memory.limit_in_bytes")});
    }
  }
  return smallest;
}

}  // namespace fugle::topology
