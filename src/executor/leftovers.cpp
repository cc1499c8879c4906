#include "executor/leftovers.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <set>
#include <string_view>
#include <system_error>

#include "executor/process_executor.hpp"

namespace fugle::executor {
namespace {

constexpr int kMostRounds = 100;
constexpr timespec kBetweenRounds{0, 10'000'000};

/// What there is to read. A stream would throw when the process dies between its opening and the reading.
std::string read_file(const std::string& path) {
  std::string text;
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  char piece[4096];
  for (ssize_t n; fd >= 0 && (n = ::read(fd, piece, sizeof piece)) > 0;)
    text.append(piece, static_cast<std::size_t>(n));
  if (fd >= 0) ::close(fd);
  return text;
}

/// 0 when there is no such process. The name, in parentheses, may hold anything.
pid_t parent_of(pid_t pid) {
  const std::string text = read_file(fmt::format("/proc/{}/stat", pid));
  const std::size_t after_name = text.rfind(')');
  pid_t parent = 0;
  if (after_name != std::string::npos && after_name + 4 < text.size())
    std::from_chars(text.data() + after_name + 4, text.data() + text.size(), parent);
  return parent;
}

std::set<pid_t> ourselves_and_ancestors() {
  std::set<pid_t> pids;
  for (pid_t pid = ::getpid(); pid > 0 && pids.insert(pid).second;) pid = parent_of(pid);
  return pids;
}

bool is_marked(const std::string& environment, const std::vector<std::vector<std::string>>& marks) {
  if (environment.empty()) return false;
  const std::string block = '\0' + environment;
  return std::any_of(marks.begin(), marks.end(), [&block](const std::vector<std::string>& mark) {
    return std::all_of(mark.begin(), mark.end(), [&block](const std::string& entry) {
      return block.find('\0' + entry + '\0') != std::string::npos;
    });
  });
}

std::vector<pid_t> own_processes() {
  std::vector<pid_t> pids;
  std::error_code error;
  for (std::filesystem::directory_iterator at("/proc", error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    pid_t pid = 0;
    std::from_chars(name.data(), name.data() + name.size(), pid);
    struct stat status;
    if (pid > 0 && ::stat(at->path().c_str(), &status) == 0 && status.st_uid == ::getuid()) pids.push_back(pid);
  }
  return pids;
}

/// Attempts of a living rank descend from its spawner; what an earlier life left does not.
bool has_living_spawner(pid_t pid) {
  while (pid > 1) {
    if (read_file(fmt::format("/proc/{}/comm", pid)) == "fugle-spawner\n") return true;
    pid = parent_of(pid);
  }
  return false;
}

int kill_marked(const std::vector<std::vector<std::string>>& marks, bool (*is_spared)(pid_t)) {
  const std::set<pid_t> spared = ourselves_and_ancestors();
  std::set<pid_t> killed;
  for (int round = 0; round < kMostRounds; ++round) {
    bool is_any_left = false;
    for (const pid_t pid : own_processes()) {
      if (spared.contains(pid) || !is_marked(read_file(fmt::format("/proc/{}/environ", pid)), marks)) continue;
      if (is_spared != nullptr && is_spared(pid)) continue;
      is_any_left = true;
      if (::kill(pid, SIGKILL) == 0) killed.insert(pid);
    }
    if (!is_any_left) break;  // a second look also finds what was being forked during the first
    ::nanosleep(&kBetweenRounds, nullptr);
  }
  return static_cast<int>(killed.size());
}

}  // namespace

int kill_processes_marked(const std::vector<std::vector<std::string>>& marks) { return kill_marked(marks, nullptr); }

int kill_leftovers(const std::string& run_id) { return kill_marked({{"FUGLE_RUN_ID=" + run_id}}, has_living_spawner); }

}  // namespace fugle::executor
