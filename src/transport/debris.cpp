#include "transport/debris.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <system_error>
#include <vector>

namespace fugle::transport {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> entries_of(const fs::path& directory) {
  std::vector<fs::path> entries;
  std::error_code error;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error))
    entries.push_back(at->path());
  return entries;
}

std::string own_host() {
  char name[256] = "";
  ::gethostname(name, sizeof name - 1);
  return name;
}

/// Ours, no link to elsewhere, and older than `youngest_s`.
bool is_old_and_ours(const fs::path& path, int youngest_s) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0 || status.st_uid != ::geteuid() || S_ISLNK(status.st_mode)) return false;
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  return now - status.st_mtime >= youngest_s;
}

void remember(const std::string& text, const std::string& prefix, std::set<std::string>& names) {
  const std::size_t at = text.find(prefix);
  if (at == std::string::npos) return;
  const std::size_t end = text.find_first_of(" \n", at);  // maps mark removed files by " (deleted)"
  names.insert(text.substr(at, end == std::string::npos ? end : end - at));
}

/// Names that begin with `prefix` among the files that processes have mapped or open. Processes that we may not look at
/// are not ours, or of a kind that runs no MPI (password agents and the like).
std::set<std::string> names_in_use(const std::string& processes, const std::string& prefix) {
  std::set<std::string> names;
  for (const fs::path& process : entries_of(processes)) {
    const std::string pid = process.filename();
    if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
    std::ifstream maps(process / "maps");
    for (std::string line; std::getline(maps, line);) remember(line, prefix, names);
    for (const fs::path& fd : entries_of(process / "fd")) {
      std::error_code error;
      remember(fs::read_symlink(fd, error).string(), prefix, names);
    }
  }
  return names;
}

int remove_segments(const DebrisPlaces& places, const std::string& host_and_user) {
  const std::string prefix = fmt::format("vader_segment.{}.", host_and_user);
  std::vector<fs::path> old;
  for (const fs::path& path : entries_of(places.shared_memory)) {
    if (path.filename().string().starts_with(prefix) && is_old_and_ours(path, places.youngest_s)) old.push_back(path);
  }
  if (old.empty()) return 0;
  const std::set<std::string> in_use = names_in_use(places.processes, prefix);
  int num_removed = 0;
  for (const fs::path& path : old) {
    if (!in_use.contains(path.filename()) && ::unlink(path.c_str()) == 0) ++num_removed;
  }
  return num_removed;
}

/// Of mpirun or a node's daemon: "pid.1234".
bool is_of_dead_process(const std::string& name) {
  if (!name.starts_with("pid.")) return false;
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(name.data() + 4, name.data() + name.size(), pid);
  if (error != std::errc{} || end != name.data() + name.size() || pid <= 0) return false;
  return ::kill(pid, 0) != 0 && errno == ESRCH;
}

int remove_sessions(const DebrisPlaces& places, const std::string& host_and_user) {
  const fs::path top = fs::path(places.temporary) / fmt::format("ompi.{}", host_and_user);
  if (!is_old_and_ours(top, 0)) return 0;
  int num_removed = 0;
  for (const fs::path& path : entries_of(top)) {
    std::error_code error;
    if (!is_of_dead_process(path.filename()) || !is_old_and_ours(path, places.youngest_s)) continue;
    if (fs::remove_all(path, error) > 0 && !error) ++num_removed;
  }
  return num_removed;
}

}  // namespace

int remove_debris(const DebrisPlaces& places) {
  const std::string host_and_user = fmt::format("{}.{}", own_host(), ::geteuid());
  return remove_segments(places, host_and_user) + remove_sessions(places, host_and_user);
}

}  // namespace fugle::transport
