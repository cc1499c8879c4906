#include "app/access.hpp"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <vector>

#include "base/error.hpp"

namespace fugle::app {
namespace po = boost::program_options;
namespace fs = std::filesystem;
namespace {

constexpr const char* kGroup = "group";
constexpr mode_t kOwnerOnly = 0700;
/// Set-group-ID: what is made inside belongs to the group as well.
constexpr mode_t kGroupToo = 02750;

std::optional<gid_t> find_group(const std::string& word) {
  if (word == "read") return ::getegid();
  if (const group* entry = ::getgrnam(word.c_str())) return entry->gr_gid;
  gid_t number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc{} || end != word.data() + word.size()) return std::nullopt;
  return number;
}

bool are_we_in(gid_t group) {
  if (group == ::getegid() || ::geteuid() == 0) return true;
  std::vector<gid_t> groups(static_cast<std::size_t>(std::max(0, ::getgroups(0, nullptr))));
  if (::getgroups(static_cast<int>(groups.size()), groups.data()) < 0) return false;
  return std::find(groups.begin(), groups.end(), group) != groups.end();
}

[[noreturn]] void throw_unmakable(const std::string& directory, const std::string& why) {
  throw EnvironmentError(
      fmt::format("cannot make the run directory {} ({}); choose another with --runs-dir", directory, why));
}

}  // namespace

void add_group_option(po::options_description& options) {
  options.add_options()(kGroup, po::value<std::string>()->value_name("NAME"),
                        "members of this group may look at the run ('read': your own group); default: $FUGLE_GROUP, "
                        "else nobody but you");
}

Access access_of(const std::string& word) {
  if (word.empty()) return {};
  const auto group = find_group(word);
  if (!group)
    throw UsageError(fmt::format("there is no group '{}'; 'id -Gn' lists those you are in, 'read' is your own", word));
  if (!are_we_in(*group))
    throw UsageError(fmt::format("you are not a member of group '{}'; 'id -Gn' lists those you are in", word));
  return {group};
}

Access access_from(const Arguments& arguments) {
  if (arguments.has(kGroup)) return access_of(arguments.get<std::string>(kGroup));
  const char* from_environment = std::getenv("FUGLE_GROUP");
  return access_of(from_environment == nullptr ? "" : from_environment);
}

void make_private_directory(const std::string& directory, const Access& access) {
  std::error_code problem;
  const fs::path parent = fs::path(directory).parent_path();
  if (!parent.empty()) fs::create_directories(parent, problem);
  if (problem) throw_unmakable(directory, problem.message());
  if (::mkdir(directory.c_str(), kOwnerOnly) != 0) {
    if (errno == EEXIST && fs::is_directory(directory, problem)) return;
    throw_unmakable(directory, std::strerror(errno));
  }
  if (!access.group) {
    // A parent with a set-group-ID bit would hand it on.
    if (::chmod(directory.c_str(), kOwnerOnly) != 0) throw_unmakable(directory, std::strerror(errno));
    return;
  }
  if (::chown(directory.c_str(), static_cast<uid_t>(-1), *access.group) != 0 ||
      ::chmod(directory.c_str(), kGroupToo) != 0)
    throw_unmakable(directory, std::strerror(errno));
}

bool lets_in(const std::string& directory, gid_t group) {
  struct stat status {};
  if (::stat(directory.c_str(), &status) != 0) return false;
  return (status.st_mode & S_IXOTH) != 0 || (status.st_gid == group && (status.st_mode & S_IXGRP) != 0);
}

uid_t owner_of(const std::string& run_dir) {
  struct stat status {};
  if (::stat(run_dir.c_str(), &status) != 0)
    throw EnvironmentError(
        fmt::format("cannot look at '{}' ({}); 'fugle history' lists the runs", run_dir, std::strerror(errno)));
  return status.st_uid;
}

std::string name_of_user(uid_t user) {
  const passwd* entry = ::getpwuid(user);
  return entry != nullptr ? entry->pw_name : std::to_string(user);
}

void expect_own(const std::string& run_dir) {
  const uid_t owner = owner_of(run_dir);
  if (owner == ::geteuid()) return;
  throw EnvironmentError(fmt::format("run {} belongs to {} (you are {}); ask {} to do it, or start a run of your own",
                                     fs::path(run_dir).filename().string(), name_of_user(owner),
                                     name_of_user(::geteuid()), name_of_user(owner)));
}

}  // namespace fugle::app
