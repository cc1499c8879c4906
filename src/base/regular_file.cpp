#include "base/regular_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace fugle {
namespace {

constexpr int kCarefully = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

std::string reason_of(int error) {
  if (error == ELOOP) return "it is a symbolic link";
  if (error == ENXIO) return "it is not a regular file";  // a socket
  return std::strerror(error);
}

/// Opening a device can do things: what it is, is asked before.
RegularFile open_last(int directory, const std::string& name) {
  struct stat status {};
  if (::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return {-1, reason_of(errno)};
  if (S_ISLNK(status.st_mode)) return {-1, reason_of(ELOOP)};
  if (S_ISDIR(status.st_mode)) return {-1, "it is a directory"};
  if (!S_ISREG(status.st_mode)) return {-1, "it is not a regular file"};
  const int fd = ::openat(directory, name.c_str(), kCarefully);
  if (fd < 0) return {-1, reason_of(errno)};
  RegularFile file(fd, {});
  if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return {-1, "it is not a regular file"};
  return file;
}

}  // namespace

RegularFile::~RegularFile() {
  if (fd_ >= 0) ::close(fd_);
}

RegularFile open_regular(const std::string& directory, std::string_view inside) {
  RegularFile at(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC), {});
  if (!at.is_open()) return {-1, reason_of(errno)};
  for (auto slash = inside.find('/'); slash != std::string_view::npos; slash = inside.find('/')) {
    const std::string part(inside.substr(0, slash));
    const int next = ::openat(at.fd(), part.c_str(), kCarefully | O_DIRECTORY);
    if (next < 0) return {-1, part + ": " + (errno == ENOTDIR ? "it is not a directory" : reason_of(errno))};
    at = RegularFile(next, {});
    inside.remove_prefix(slash + 1);
  }
  return open_last(at.fd(), std::string(inside));
}

RegularFile open_regular(const std::string& path) { return open_last(AT_FDCWD, path); }

std::optional<std::string> read_all(const RegularFile& file, std::size_t limit) {
  std::string text;
  char piece[16384];
  while (true) {
    const ssize_t got = ::read(file.fd(), piece, sizeof piece);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 || text.size() + static_cast<std::size_t>(got) > limit) return std::nullopt;
    if (got == 0) return text;
    text.append(piece, static_cast<std::size_t>(got));
  }
}

}  // namespace fugle
