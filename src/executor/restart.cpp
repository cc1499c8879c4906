#include "executor/restart.hpp"

#include <glob.h>

#include <algorithm>

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

bool matches_a_file(const std::string& pattern) {
  glob_t found{};
  const bool is_there = ::glob(pattern.c_str(), GLOB_NOSORT, nullptr, &found) == 0 && found.gl_pathc > 0;
  ::globfree(&found);
  return is_there;
}

}  // namespace

bool can_restart(const scheduler::Launch& launch, const graph::ElementText& text, const std::string& workdir) {
  if (!launch.task->restart.is_given || launch.attempt <= 1) return false;
  return std::any_of(text.restart_files.begin(), text.restart_files.end(), [&](const std::string& file) {
    return matches_a_file(file.starts_with('/') ? file : escape_pattern(workdir) + '/' + file);
  });
}

}  // namespace fugle::executor
