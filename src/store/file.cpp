#include "store/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "base/error.hpp"
#include "base/file_rights.hpp"

namespace fugle::store {
namespace {

std::string directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

const char* advice_for(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT: return "free some space, then resume the run";
    case EACCES:
    case EPERM:
    case EROFS: return "check the permissions of the run directory";
    case ENOENT: return "check the path of the run directory";
    case EMFILE:
    case ENFILE: return "raise the limit of open files (ulimit -n)";
    default: return "check the file system, then resume the run";
  }
}

}  // namespace

void throw_errno(const std::string& what, const std::string& path, int error) {
  throw EnvironmentError(fmt::format("{} '{}' ({}); {}", what, path, std::strerror(error), advice_for(error)));
}

File::File(std::string path, int flags) : path_(std::move(path)) {
  fd_ = ::open(path_.c_str(), flags | O_CLOEXEC, kPrivateFile);
  if (fd_ < 0) throw_errno("cannot open", path_, errno);
  if ((flags & O_CREAT) != 0) share_like_directory(fd_, path_);
}

File::~File() {
  if (fd_ >= 0) ::close(fd_);
}

ScopedTemporary::~ScopedTemporary() { ::unlink(path_.c_str()); }

void File::write_at(std::uint64_t offset, std::span<const std::byte> bytes) const {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) throw_errno("cannot write", path_, written < 0 ? errno : EIO);
    offset += static_cast<std::uint64_t>(written);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void File::write_zeros(std::uint64_t offset, std::uint64_t count) const {
  static constexpr std::array<std::byte, 65536> kZeros{};
  while (count > 0) {
    const auto piece = std::min<std::uint64_t>(count, kZeros.size());
    write_at(offset, std::span(kZeros).first(piece));
    offset += piece;
    count -= piece;
  }
}

std::size_t File::read_at(std::uint64_t offset, std::span<std::byte> bytes) const {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got = ::pread(fd_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_errno("cannot read", path_, errno);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

void File::sync_data() const {
  if (::fdatasync(fd_) != 0) throw_errno("cannot sync", path_, errno);
}

bool File::has_name() const {
  struct stat status {};
  return ::fstat(fd_, &status) == 0 && status.st_nlink > 0;
}

bool file_exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

std::vector<std::string> list_directory(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    names.push_back(it->path().filename());
  }
  if (error) throw_errno("cannot list", directory, error.value());
  return names;
}

void remove_if_exists(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) throw_errno("cannot remove", path, errno);
}

void sync_directory(const std::string& directory) {
  const File dir(directory, O_RDONLY | O_DIRECTORY);
  // Some file systems can not sync directories and make renames durable by themselves.
  if (::fsync(dir.fd()) != 0 && errno != EINVAL) throw_errno("cannot sync", directory, errno);
}

void replace_durably(const std::string& from, const std::string& to) {
  const File file(from, O_RDWR);
  if (::fsync(file.fd()) != 0) throw_errno("cannot sync", from, errno);
  if (::rename(from.c_str(), to.c_str()) != 0) throw_errno("cannot create", to, errno);
  sync_directory(directory_of(to));
}

bool rename_to_new(const std::string& from, const std::string& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return true;
  if (errno == EEXIST) return false;
  if (errno != EINVAL && errno != ENOSYS) throw_errno("cannot create", to, errno);
  // Network file systems without RENAME_NOREPLACE: link(2) refuses an existing name as well.
  if (::link(from.c_str(), to.c_str()) != 0) {
    if (errno == EEXIST) return false;
    throw_errno("cannot create", to, errno);
  }
  remove_if_exists(from);
  return true;
}

std::string file_name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

}  // namespace fugle::store
