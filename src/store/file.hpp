// Files of the run directory below HDF5: descriptors that no child inherits, reads and writes that are whole or fail,
// durable renames. All changes go through a Disk. Knows nothing of what is inside the files. Errors are
// EnvironmentErrors that name file and reason.
#pragma once

#include <sys/types.h>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/disk.hpp"

namespace fugle::store {

/// Owns an open descriptor and remembers its path for messages.
class File {
 public:
  /// open(2) with O_CLOEXEC added, of a regular file that is no link, or of a directory. What is made gets the rights
  /// of its directory (base/file_rights.hpp).
  File(std::string path, int flags, Disk& disk = real_disk());
  ~File();
  File(File&& other) noexcept : disk_(other.disk_), path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)) {}
  File& operator=(File&& other) noexcept {
    std::swap(disk_, other.disk_), std::swap(path_, other.path_), std::swap(fd_, other.fd_);
    return *this;
  }

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] Disk& disk() const { return *disk_; }
  /// The file was renamed: use the new name in messages.
  void set_path(std::string path) { path_ = std::move(path); }

  /// All bytes, or an exception.
  void write_at(std::uint64_t offset, std::span<const std::byte> bytes) const;
  void write_zeros(std::uint64_t offset, std::uint64_t count) const;
  /// Fewer bytes than asked for only at the end of the file; returns how many.
  std::size_t read_at(std::uint64_t offset, std::span<std::byte> bytes) const;
  /// fdatasync. After a failure the kernel may have dropped the pages: never sync the same file again and believe it.
  void sync_data() const;
  /// fsync. Likewise.
  void sync_all() const;
  void truncate(std::uint64_t size) const;
  /// False once the name was removed or given to another file.
  [[nodiscard]] bool has_name() const;

 private:
  Disk* disk_;
  std::string path_;
  int fd_ = -1;
};

/// A file that is removed again unless it was renamed to its final name before.
class ScopedTemporary {
 public:
  explicit ScopedTemporary(std::string path, Disk& disk = real_disk()) : disk_(disk), path_(std::move(path)) {}
  ~ScopedTemporary();
  ScopedTemporary(const ScopedTemporary&) = delete;
  ScopedTemporary& operator=(const ScopedTemporary&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  Disk& disk_;
  std::string path_;
};

/// "<what> '<path>' (<reason of errno>); <advice that suits errno>".
[[noreturn]] void throw_errno(const std::string& what, const std::string& path, int error);

[[nodiscard]] bool file_exists(const std::string& path);
/// Names in the directory, in no particular order.
[[nodiscard]] std::vector<std::string> list_directory(const std::string& directory);
void remove_if_exists(const std::string& path, Disk& disk = real_disk());
/// Makes creations, renames and removals in the directory durable.
void sync_directory(const std::string& directory, Disk& disk = real_disk());
/// fsync of the file `from`, rename over `to`, sync_directory: afterwards `to` is whole, also after a power cut.
void replace_durably(const std::string& from, const std::string& to, Disk& disk = real_disk());
/// Gives `from` the name `to`, in place of what has it. Not durable before sync_directory().
void rename_over(const std::string& from, const std::string& to, Disk& disk = real_disk());
/// Gives `from` the name `to` unless that is taken; false when it is taken. Not durable before sync_directory().
[[nodiscard]] bool rename_to_new(const std::string& from, const std::string& to, Disk& disk = real_disk());

/// The part of a path after the last '/'.
[[nodiscard]] std::string file_name_of(const std::string& path);

template <class T>
requires(!std::convertible_to<const T&, std::string_view>)
    [[nodiscard]] std::span<const std::byte> bytes_of(const T& value) {
  return std::as_bytes(std::span<const T, 1>(&value, 1));
}
[[nodiscard]] inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span<const char>(text.data(), text.size()));
}

}  // namespace fugle::store
