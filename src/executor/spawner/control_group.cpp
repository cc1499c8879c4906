#include "executor/spawner/control_group.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

#include "executor/spawner/proc_file.hpp"

namespace fugle::spawner {
namespace {

constexpr const char* kName = "fugle-";
constexpr int kMostKillRounds = 20;

/// Files of the kernel: there or not, never made.
bool write_file(const std::string& path, const std::string& text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool is_good = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  ::close(fd);
  return is_good;
}

std::string parent_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

struct Place {
  std::string path;
  bool is_version_2;
};

/// Where our groups might be made, best first.
std::vector<Place> candidates() {
  std::vector<Place> places;
  const std::string groups = read_proc_file("/proc/self/cgroup");
  for (std::size_t begin = 0; begin < groups.size();) {
    const std::size_t end = std::min(groups.find('\n', begin), groups.size());
    const std::string_view line = std::string_view(groups).substr(begin, end - begin);
    std::string path(line.substr(std::min(line.rfind(':') + 1, line.size())));
    if (path == "/") path.clear();
    if (line.starts_with("0::")) {
      for (const char* mount : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
        places.push_back({mount + path, true});
        if (!path.empty()) places.push_back({mount + parent_of(path), true});
      }
    }
    if (line.find(":memory:") != std::string_view::npos) places.push_back({"/sys/fs/cgroup/memory" + path, false});
    begin = end + 1;
  }
  return places;
}

/// Empty groups of spawners that died before they could remove them.
void remove_dead_groups(const std::string& parent) {
  DIR* const entries = ::opendir(parent.c_str());
  if (entries == nullptr) return;
  const std::string_view begin = kName;
  while (const dirent* entry = ::readdir(entries)) {
    if (!std::string_view(entry->d_name).starts_with(begin)) continue;
    const auto spawner = static_cast<pid_t>(std::strtol(entry->d_name + begin.size(), nullptr, 10));
    if (spawner > 0 && ::kill(spawner, 0) != 0 && errno == ESRCH) ::rmdir((parent + "/" + entry->d_name).c_str());
  }
  ::closedir(entries);
}

}  // namespace

ControlGroup::ControlGroup(std::string path, bool is_version_2)
    : path_(std::move(path)),
      is_version_2_(is_version_2),
      procs_(::open((path_ + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC)) {}

ControlGroup::~ControlGroup() {
  if (!remove()) {
    kill_all();
    (void)remove();
  }
  if (procs_ >= 0) ::close(procs_);
}

std::uint64_t ControlGroup::oom_kills() const {
  return number_after(read_proc_file(path_ + (is_version_2_ ? "/memory.events" : "/memory.oom_control")), "oom_kill ");
}

std::uint64_t ControlGroup::peak_bytes() const {
  const auto peak = numbers_in(read_proc_file(path_ + (is_version_2_ ? "/memory.peak" : "/memory.max_usage_in_bytes")));
  return peak.empty() ? 0 : peak[0];
}

void ControlGroup::kill_all() const {
  if (is_version_2_ && write_file(path_ + "/cgroup.kill", "1")) return;
  for (int round = 0; round < kMostKillRounds; ++round) {
    const auto pids = numbers_in(read_proc_file(path_ + "/cgroup.procs"));
    if (pids.empty()) return;
    for (const std::uint64_t pid : pids)
      if (pid > 1) ::kill(static_cast<pid_t>(pid), SIGKILL);
  }
}

bool ControlGroup::remove() {
  if (path_.empty()) return true;
  if (::rmdir(path_.c_str()) != 0 && errno != ENOENT) return false;
  path_.clear();
  return true;
}

std::unique_ptr<ControlGroup> ControlGroups::make(std::uint64_t number, std::uint64_t limit_bytes) {
  if (!std::exchange(has_looked_, true)) find_parent(limit_bytes);
  return parent_.empty() ? nullptr : make_in(parent_, is_version_2_, number, limit_bytes);
}

std::unique_ptr<ControlGroup> ControlGroups::make_in(const std::string& parent, bool is_version_2, std::uint64_t number,
                                                     std::uint64_t limit_bytes) const {
  std::string path = parent + "/" + kName + std::to_string(::getpid()) + "-" + std::to_string(number);
  if (::mkdir(path.c_str(), 0755) != 0) return nullptr;
  std::unique_ptr<ControlGroup> group(new ControlGroup(path, is_version_2));
  const std::string limit = std::to_string(limit_bytes);
  const bool is_limited = write_file(path + (is_version_2 ? "/memory.max" : "/memory.limit_in_bytes"), limit);
  if (group->procs() < 0 || !is_limited) return nullptr;
  if (is_version_2) write_file(path + "/memory.oom.group", "1");
  // Or it would swap instead of ending. Not where there is no swap to limit.
  write_file(path + (is_version_2 ? "/memory.swap.max" : "/memory.memsw.limit_in_bytes"), is_version_2 ? "0" : limit);
  return group;
}

/// To enter a group, one must be allowed to write to what it and the group one leaves have in common (version 2).
void ControlGroups::find_parent(std::uint64_t limit_bytes) {
  for (const Place& place : candidates()) {
    if (::access((place.path + "/cgroup.procs").c_str(), W_OK) != 0) continue;
    if (make_in(place.path, place.is_version_2, 0, limit_bytes) == nullptr) continue;
    is_version_2_ = place.is_version_2;
    parent_ = place.path;
    remove_dead_groups(parent_);
    return;
  }
}

}  // namespace fugle::spawner
