#include "store/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
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
    case EFBIG: return "raise the limit of file sizes (ulimit -f), then resume the run";
    case EACCES:
    case EPERM:
    case EROFS: return "check the permissions of the run directory";
    case ELOOP: return "put the file itself in place of the link";
    case ENOENT: return "check the path of the run directory";
    case EMFILE:
    case ENFILE: return "raise the limit of open files (ulimit -n)";
    default: return "check the file system, then resume the run";
  }
}

/// Of a directory the path may lead through links; the files in it are ours and are none, and a FIFO in place of one
/// must not be waited for.
int safely(int flags) { return (flags & O_DIRECTORY) != 0 ? O_CLOEXEC : O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK; }

bool is_regular(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

}  // namespace

void throw_errno(const std::string& what, const std::string& path, int error) {
  throw EnvironmentError(fmt::format("{} '{}' ({}); {}", what, path, std::strerror(error), advice_for(error)));
}

File::File(std::string path, int flags, Disk& disk) : disk_(&disk), path_(std::move(path)) {
  fd_ = disk.open(path_.c_str(), flags | safely(flags), kPrivateFile);
  if (fd_ < 0) throw_errno("cannot open", path_, errno);
  if ((flags & O_DIRECTORY) == 0 && !is_regular(fd_)) {
    disk.close(fd_);
    throw EnvironmentError(
        fmt::format("cannot open '{}' (it is not a regular file); restore what was there, or start a new run", path_));
  }
  if ((flags & O_CREAT) != 0) share_like_directory(fd_, path_);
}

File::~File() {
  if (fd_ >= 0) disk_->close(fd_);
}

ScopedTemporary::~ScopedTemporary() { disk_.unlink(path_.c_str()); }

void File::write_at(std::uint64_t offset, std::span<const std::byte> bytes) const {
  while (!bytes.empty()) {
    const ssize_t written = disk_->pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
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
    const ssize_t got = disk_->pread(fd_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_errno("cannot read", path_, errno);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

void File::sync_data() const {
  if (disk_->fdatasync(fd_) != 0) throw_errno("cannot sync", path_, errno);
}

void File::sync_all() const {
  if (disk_->fsync(fd_) != 0) throw_errno("cannot sync", path_, errno);
}

void File::truncate(std::uint64_t size) const {
  if (disk_->ftruncate(fd_, static_cast<off_t>(size)) != 0) throw_errno("cannot write", path_, errno);
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

void remove_if_exists(const std::string& path, Disk& disk) {
  if (disk.unlink(path.c_str()) != 0 && errno != ENOENT) throw_errno("cannot remove", path, errno);
}

void sync_directory(const std::string& directory, Disk& disk) {
  const File dir(directory, O_RDONLY | O_DIRECTORY, disk);
  // Some file systems can not sync directories and make renames durable by themselves.
  if (disk.fsync(dir.fd()) != 0 && errno != EINVAL) throw_errno("cannot sync", directory, errno);
}

void replace_durably(const std::string& from, const std::string& to, Disk& disk) {
  File(from, O_RDWR, disk).sync_all();
  rename_over(from, to, disk);
  sync_directory(directory_of(to), disk);
}

void rename_over(const std::string& from, const std::string& to, Disk& disk) {
  if (disk.rename(from.c_str(), to.c_str()) != 0) throw_errno("cannot create", to, errno);
}

bool rename_to_new(const std::string& from, const std::string& to, Disk& disk) {
  if (disk.rename_to_new(from.c_str(), to.c_str()) == 0) return true;
  if (errno == EEXIST) return false;
  if (errno != EINVAL && errno != ENOSYS) throw_errno("cannot create", to, errno);
  // Network file systems without RENAME_NOREPLACE: link(2) refuses an existing name as well.
  if (disk.link(from.c_str(), to.c_str()) != 0) {
    if (errno == EEXIST) return false;
    throw_errno("cannot create", to, errno);
  }
  remove_if_exists(from, disk);
  return true;
}

std::string file_name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

}  // namespace fugle::store
