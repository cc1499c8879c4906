#include "executor/staged_outputs.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "graph/element_text.hpp"

namespace fugle::executor {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostNamesListed = 20;

bool exists(const std::string& path) {
  struct stat status;
  return ::lstat(path.c_str(), &status) == 0;
}

/// "; /out holds: a, b, c and 4 more", in the order of names.
std::string list_directory(const std::string& path) {
  std::error_code error;
  std::vector<std::string> names;
  for (fs::directory_iterator at(path, error), end; !error && at != end; at.increment(error))
    names.push_back(at->path().filename().string());
  if (error) return fmt::format("; '{}' cannot be listed ({})", path, error.message());
  if (names.empty()) return fmt::format("; '{}' is empty", path);
  std::sort(names.begin(), names.end());
  const std::size_t shown = std::min(names.size(), kMostNamesListed);
  const std::string more = names.size() > shown ? fmt::format(" and {} more", names.size() - shown) : "";
  names.resize(shown);
  return fmt::format("; '{}' holds: {}{}", path, fmt::join(names, ", "), more);
}

/// Replaces what is there, a directory included, which rename() alone refuses.
int replace(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) == 0) return 0;
  if (errno == ENOTEMPTY || errno == EEXIST || errno == EISDIR || errno == ENOTDIR) {
    std::error_code ignored;
    fs::remove_all(to, ignored);
    if (std::rename(from.c_str(), to.c_str()) == 0) return 0;
  }
  return errno;
}

}  // namespace

StagedOutputs::StagedOutputs(std::vector<std::string> names, std::vector<std::string> final_paths,
                             std::uint16_t attempt, std::vector<graph::OutputKind> kinds)
    : names_(std::move(names)), final_(std::move(final_paths)), attempt_(attempt) {
  for (std::size_t i = 0; i < final_.size(); ++i)
    staged_.push_back(
        graph::path_for_attempt(kinds.empty() ? graph::OutputKind::file : kinds[i], final_[i], attempt));
}

StagedOutputs::Mark StagedOutputs::mark_of(const std::string& path) {
  const auto to_ns = [](const timespec& time) { return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; };
  struct stat status;
  if (::stat(path.c_str(), &status) != 0) return {};
  return {true, status.st_ino, status.st_size, to_ns(status.st_mtim), to_ns(status.st_ctim)};
}

std::optional<std::string> StagedOutputs::prepare() {
  for (std::size_t i = 0; i < final_.size(); ++i) {
    if (is_value(i)) {
      before_.emplace_back();
      continue;
    }
    const fs::path folder = fs::path(final_[i]).parent_path();
    std::error_code error;
    fs::create_directories(folder, error);
    if (error)
      return fmt::format("cannot create directory '{}' of output '{}' ({}); correct the path or its permissions",
                         folder.string(), names_[i], error.message());
    if (is_staged(i) && ::unlink(staged_[i].c_str()) != 0 && errno != ENOENT) fs::remove_all(staged_[i], error);
    before_.push_back(mark_of(final_[i]));
  }
  return std::nullopt;
}

bool StagedOutputs::was_written_directly(std::size_t output) const {
  const Mark now = mark_of(final_[output]);
  return now.exists && now != before_[output];
}

bool StagedOutputs::is_missing(std::size_t output) const {
  if (is_value(output) || was_written_directly(output)) return false;
  return !is_staged(output) || !exists(staged_[output]);
}

std::vector<std::string> StagedOutputs::folders_of_missing() const {
  std::vector<std::string> folders;
  for (std::size_t i = 0; i < final_.size(); ++i) {
    if (!is_missing(i)) continue;
    folders.push_back(fs::path(final_[i]).parent_path().string());
    std::error_code ignored;
    fs::directory_iterator(folders.back(), ignored);
  }
  return folders;
}

std::optional<std::string> StagedOutputs::find_missing() const {
  for (std::size_t i = 0; i < final_.size(); ++i) {
    if (!is_missing(i)) continue;
    if (before_[i].exists)
      return fmt::format("output '{}' ({}) was there before and this attempt did not write it{}", names_[i], final_[i],
                         is_staged(i) ? "; write to $FUGLE_OUT_" + names_[i] : "");
    return fmt::format("output '{}' ({}) is missing{}", names_[i], final_[i],
                       list_directory(fs::path(final_[i]).parent_path().string()));
  }
  return std::nullopt;
}

std::optional<std::string> StagedOutputs::publish() {
  if (auto missing = find_missing()) return missing;
  return rename();
}

std::optional<std::string> StagedOutputs::rename() {
  for (std::size_t i = 0; i < final_.size(); ++i) {
    if (!is_staged(i) || !exists(staged_[i])) continue;
    if (const int error = replace(staged_[i], final_[i]); error != 0)
      return fmt::format("output '{}' cannot be renamed to '{}' ({}); check the directory", names_[i], final_[i],
                         std::strerror(error));
  }
  return std::nullopt;
}

void StagedOutputs::set_aside() {
  for (std::size_t i = 0; i < before_.size(); ++i) {
    if (is_value(i)) continue;
    const std::string failed = fmt::format("{}.failed-{}", final_[i], attempt_);
    if (was_written_directly(i)) replace(final_[i], failed);
    if (is_staged(i) && exists(staged_[i])) replace(staged_[i], failed);
  }
}

}  // namespace fugle::executor
