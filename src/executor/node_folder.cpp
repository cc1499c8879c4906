#include "executor/node_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "base/error.hpp"

namespace fugle::executor {
namespace {

constexpr int kMostTries = 20;

}  // namespace

NodeFolder::~NodeFolder() {
  if (lock_ < 0) return;
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
  ::close(lock_);
}

/// False when somebody who looked for leftovers took it away before it was locked.
bool NodeFolder::make() {
  path_ = root_ + "/" + beginning_ + "XXXXXX";
  if (::mkdtemp(path_.data()) == nullptr)
    throw EnvironmentError(fmt::format("cannot make a directory in '{}' ({}); choose a writable place on this node",
                                       root_, std::strerror(errno)));
  lock_ = ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (lock_ < 0) return false;
  const bool is_taken = ::flock(lock_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  struct stat status {};
  if (!is_taken && ::fstat(lock_, &status) == 0 && status.st_nlink > 0) return true;
  ::close(lock_);
  lock_ = -1;
  return false;
}

const std::string& NodeFolder::path() {
  for (int i = 0; lock_ < 0 && i < kMostTries; ++i)
    if (make()) break;
  if (lock_ < 0)
    throw EnvironmentError(fmt::format("a new directory in '{}' does not stay; choose another place", root_));
  return path_;
}

std::string NodeFolder::write(const std::string& name, std::string_view content) {
  std::string file_path = path() + "/" + name;
  std::ofstream file(file_path, std::ios::binary | std::ios::trunc);
  file << content;
  file.close();
  if (!file)
    throw EnvironmentError(
        fmt::format("cannot write '{}' ({}); free some space or set TMPDIR", file_path, std::strerror(errno)));
  return file_path;
}

std::string node_folder_beginning(std::string_view run_id) {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  std::string beginning = fmt::format("fugle-{}-{}-", run_id, host.data());
  std::replace(beginning.begin(), beginning.end(), '/', '_');
  return beginning;
}

std::string default_scratch_root() {
  for (const char* name : {"SLURM_TMPDIR", "TMPDIR"})
    if (const char* root = std::getenv(name); root != nullptr && *root != '\0') return root;
  return "/tmp";
}

}  // namespace fugle::executor
