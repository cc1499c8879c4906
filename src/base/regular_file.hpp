// Opens files of run directories that others may have prepared: never through a symbolic link, never waiting for the
// other end of a FIFO, never a device or a directory. Knows nothing of what is inside.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace fugle {

/// Owns a descriptor; none after a failure, and then `problem` says why in a few words.
class RegularFile {
 public:
  RegularFile(int fd, std::string problem) : fd_(fd), problem_(std::move(problem)) {}
  ~RegularFile();
  RegularFile(RegularFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)), problem_(std::move(other.problem_)) {}
  RegularFile& operator=(RegularFile&& other) noexcept {
    std::swap(fd_, other.fd_), std::swap(problem_, other.problem_);
    return *this;
  }

  [[nodiscard]] bool is_open() const { return fd_ >= 0; }
  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] const std::string& problem() const { return problem_; }
  /// The descriptor is the caller's.
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
  std::string problem_;
};

/// For reading: `inside` is a path below `directory`, whose parts may not be links; `directory` itself may be reached
/// through some.
[[nodiscard]] RegularFile open_regular(const std::string& directory, std::string_view inside);
/// The same for a path whose last part alone is not trusted.
[[nodiscard]] RegularFile open_regular(const std::string& path);

/// All of an open file, at most `limit` bytes; nullopt when it is longer or a read fails.
[[nodiscard]] std::optional<std::string> read_all(const RegularFile& file, std::size_t limit);

}  // namespace fugle
