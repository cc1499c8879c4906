#include "executor/restart.hpp"

#include <glob.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace fugle::executor {
namespace {

/// For a part of a pattern that means itself.
std::string escape_pattern(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '*' || c == '?' || c == '[' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::vector<std::string> files_like(const std::string& file, const std::string& workdir) {
  const std::string pattern = file.starts_with('/') ? file : escape_pattern(workdir) + '/' + file;
  glob_t found{};
  std::vector<std::string> paths;
  if (::glob(pattern.c_str(), GLOB_NOSORT, nullptr, &found) == 0)
    paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  return paths;
}

bool is_written_since(const std::string& path, Time since) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 &&
         from_ns(std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec) >= since;
}

}  // namespace

bool can_restart(const scheduler::Launch& launch, const graph::ElementText& text, const std::string& workdir) {
  if (!launch.task->restart.is_given || launch.attempt <= 1) return false;
  return std::any_of(text.restart_files.begin(), text.restart_files.end(),
                     [&](const std::string& file) { return !files_like(file, workdir).empty(); });
}

bool has_checkpoint_since(const graph::ElementText& text, const std::string& workdir, Time since) {
  return std::any_of(text.restart_files.begin(), text.restart_files.end(), [&](const std::string& file) {
    const std::vector<std::string> paths = files_like(file, workdir);
    return std::any_of(paths.begin(), paths.end(), [&](const auto& path) { return is_written_since(path, since); });
  });
}

}  // namespace fugle::executor
