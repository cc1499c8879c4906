#include "app/find_run.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <tuple>

#include "app/access.hpp"
#include "app/jobs.hpp"
#include "app/run_directory.hpp"
#include "base/error.hpp"
#include "base/printable.hpp"
#include "base/text.hpp"

namespace fugle::app {
namespace po = boost::program_options;
namespace fs = std::filesystem;
namespace {

constexpr const char* kRunsDir = "runs-dir";

std::string name_of(const std::string& run_dir) { return fs::path(run_dir).filename().string(); }

/// Whatever has that name: what is wrong with it is told when it is read.
bool is_run(const fs::path& dir) {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(dir / "run.json", ignored));
}

/// Run ids end in "-<UTC time>-<letters>"; within a second the file that was written later is the newer.
using AgeKey = std::tuple<std::string, fs::file_time_type, std::string>;

AgeKey age_key(const fs::path& run_dir) {
  const std::string name = run_dir.filename().string();
  const auto parts = split(name, '-');
  std::error_code ignored;
  return {parts.size() < 3 ? std::string() : std::string(parts[parts.size() - 2]),
          fs::last_write_time(run_dir / "run.json", ignored), name};
}

std::string absolute(const std::string& path) {
  std::string text = fs::absolute(path).lexically_normal().string();
  if (text.size() > 1 && text.ends_with('/')) text.pop_back();
  return text;
}

/// Who looks at the run of another should know.
std::string tell_owner(std::string run_dir) {
  struct stat status {};
  if (::stat(run_dir.c_str(), &status) == 0 && status.st_uid != ::geteuid())
    fmt::print(stderr, "fugle: run {} belongs to {}\n", printable(name_of(run_dir)), name_of_user(status.st_uid));
  return run_dir;
}

[[noreturn]] void refuse(const std::string& runs_dir, const std::string& word, const std::vector<std::string>& runs) {
  if (runs.empty())
    throw UsageError(
        fmt::format("no runs in '{}'; start one with 'fugle run FILE', or name another place by --runs-dir", runs_dir));
  std::vector<std::string> names;
  for (const std::string& run : runs) names.push_back(name_of(run));
  const std::vector<std::string_view> views(names.begin(), names.end());
  const auto nearest = nearest_word(word, views);
  throw UsageError(
      fmt::format("no run '{}' in '{}'; {}", word, runs_dir,
                  nearest ? fmt::format("did you mean '{}'?", *nearest) : "'fugle history' lists the runs"));
}

}  // namespace

void add_runs_dir_option(po::options_description& options) {
  options.add_options()(kRunsDir, po::value<std::string>()->value_name("DIR"),
                        "where runs are kept; default: $FUGLE_RUNS, else .fugle");
}

std::string runs_dir_from(const Arguments& arguments) {
  return runs_directory(arguments.has(kRunsDir) ? arguments.get<std::string>(kRunsDir) : "");
}

std::vector<std::string> list_runs(const std::string& runs_dir) {
  std::vector<std::pair<AgeKey, std::string>> found;
  std::error_code problem;
  for (fs::directory_iterator entry(runs_dir, problem), end; !problem && entry != end; entry.increment(problem))
    if (is_run(entry->path())) found.emplace_back(age_key(entry->path()), absolute(entry->path().string()));
  std::sort(found.begin(), found.end(), std::greater<>());
  std::vector<std::string> runs;
  for (auto& [age, run] : found) runs.push_back(std::move(run));
  return runs;
}

std::optional<std::string> try_find_run(const std::string& runs_dir, const std::string& word) {
  if (word.find('/') != std::string::npos && is_run(word)) return absolute(word);
  std::vector<std::string> matches;
  for (const std::string& run : list_runs(runs_dir)) {
    const std::string name = name_of(run);
    if (name == word) return run;
    if (name.starts_with(word)) matches.push_back(run);
  }
  if (matches.size() > 1)
    throw UsageError(fmt::format("'{}' is the beginning of {} runs ({}, {}{}); write more of it", word, matches.size(),
                                 name_of(matches[0]), name_of(matches[1]), matches.size() > 2 ? ", ..." : ""));
  if (!matches.empty()) return matches.front();
  // Names of workflows begin with no digit.
  return looks_like_job_id(word) ? find_run_of_job(runs_dir, word) : std::nullopt;
}

std::string find_run(const std::string& runs_dir, const std::string& word) {
  if (word.empty()) {
    const auto runs = list_runs(runs_dir);
    if (runs.empty()) refuse(runs_dir, word, runs);
    return tell_owner(runs.front());
  }
  if (const auto run = try_find_run(runs_dir, word)) return tell_owner(*run);
  refuse(runs_dir, word, list_runs(runs_dir));
}

RunAndElement find_run_and_element(const std::string& runs_dir, const std::vector<std::string>& words) {
  if (words.size() >= 2) return {find_run(runs_dir, words[0]), words[1]};
  if (words.empty()) return {find_run(runs_dir, ""), ""};
  if (const auto run = try_find_run(runs_dir, words[0])) return {tell_owner(*run), ""};
  if (list_runs(runs_dir).empty()) refuse(runs_dir, words[0], {});
  return {find_run(runs_dir, ""), words[0]};
}

}  // namespace fugle::app
