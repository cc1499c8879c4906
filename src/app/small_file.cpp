#include "app/small_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.hpp"
#include "base/file_rights.hpp"
#include "base/regular_file.hpp"

namespace fugle::app {

void write_small_file(const std::string& path, const std::string& text) {
  const std::string draft = fmt::format("{}.{}.tmp", path, ::getpid());
  ::unlink(draft.c_str());
  const int fd = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kPrivateFile);
  if (fd >= 0) share_like_directory(fd, draft);
  bool is_good = fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  is_good = is_good && ::fsync(fd) == 0;
  if (fd >= 0) is_good = ::close(fd) == 0 && is_good;
  if (is_good && ::rename(draft.c_str(), path.c_str()) == 0) return;
  const std::string problem = std::strerror(errno);
  ::unlink(draft.c_str());
  throw EnvironmentError(fmt::format("cannot write {} ({}); free some space, or make it writable", path, problem));
}

std::optional<std::string> read_small_file(const std::string& path, std::size_t limit) {
  const RegularFile file = open_regular(path);
  return file.is_open() ? read_all(file, limit) : std::nullopt;
}

}  // namespace fugle::app
