#include "executor/spawner/memory.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "executor/spawner/descendants.hpp"
#include "executor/spawner/proc_file.hpp"

namespace fugle::spawner {
namespace {

/// Pages shared by a fork count for each process.
std::uint64_t own_bytes(pid_t pid) {
  const auto pages = numbers_in(read_proc_file("/proc/" + std::to_string(pid) + "/statm"));
  if (pages.size() < 3 || pages[1] < pages[2]) return 0;  // size, resident, of that shared or of files
  return (pages[1] - pages[2]) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

/// Each its part of what is shared.
std::uint64_t proportional_bytes(pid_t pid) {
  const std::string text = read_proc_file("/proc/" + std::to_string(pid) + "/smaps_rollup");
  return number_after(text, "Pss_Anon:") * 1024;
}

int open_first(const std::vector<std::string>& paths) {
  for (const std::string& path : paths)
    if (const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC); fd >= 0) return fd;
  return -1;
}

/// The file of our own group, by its version of control groups; in a namespace the group is the root.
std::vector<std::string> oom_files() {
  std::vector<std::string> files;
  const std::string groups = read_proc_file("/proc/self/cgroup");
  for (std::size_t begin = 0; begin < groups.size();) {
    const std::size_t end = std::min(groups.find('\n', begin), groups.size());
    const std::string_view line = std::string_view(groups).substr(begin, end - begin);
    const std::string path(line.substr(std::min(line.rfind(':') + 1, line.size())));
    if (line.starts_with("0::")) files.push_back("/sys/fs/cgroup" + path + "/memory.events");
    if (line.find(":memory:") != std::string_view::npos)
      files.push_back("/sys/fs/cgroup/memory" + path + "/memory.oom_control");
    begin = end + 1;
  }
  files.insert(files.end(), {"/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control"});
  return files;
}

}  // namespace

std::uint64_t memory_in_use(const std::vector<pid_t>& roots, std::uint64_t limit) {
  std::vector<pid_t> tree;
  for (const pid_t root : roots) {
    const std::vector<pid_t> its = process_tree(root);
    tree.insert(tree.end(), its.begin(), its.end());
  }
  std::uint64_t bytes = 0;
  for (const pid_t pid : tree) bytes += own_bytes(pid);
  if (bytes <= limit || tree.size() == 1) return bytes;
  std::uint64_t proportional = 0;
  for (const pid_t pid : tree) proportional += proportional_bytes(pid);
  return proportional > 0 ? proportional : bytes;
}

OomKills::OomKills() : file_(open_first(oom_files())) {}

OomKills::~OomKills() {
  if (file_ >= 0) ::close(file_);
}

std::uint64_t OomKills::count() const {
  std::array<char, 1024> text;
  const ssize_t n = file_ < 0 ? 0 : ::pread(file_, text.data(), text.size(), 0);
  return n <= 0 ? 0 : number_after({text.data(), static_cast<std::size_t>(n)}, "oom_kill ");
}

}  // namespace fugle::spawner
