// The system calls through which this room changes files, so that tests can record them, replay what a power cut would
// leave of them, and let them fail. Files that the HDF5 library makes appear here when they are opened afterwards.
#pragma once

#include <sys/types.h>

#include <cstddef>

namespace fugle::store {

/// Each function is the system call of its name: -1 and errno on failure.
class Disk {
 public:
  virtual ~Disk() = default;
  virtual int open(const char* path, int flags, mode_t mode);
  virtual int close(int fd);
  virtual ssize_t pread(int fd, void* bytes, std::size_t count, off_t offset);
  virtual ssize_t pwrite(int fd, const void* bytes, std::size_t count, off_t offset);
  virtual int ftruncate(int fd, off_t size);
  virtual int fsync(int fd);
  virtual int fdatasync(int fd);
  virtual int rename(const char* from, const char* to);
  /// renameat2 with RENAME_NOREPLACE.
  virtual int rename_to_new(const char* from, const char* to);
  virtual int link(const char* from, const char* to);
  virtual int unlink(const char* path);
  virtual int mkdir(const char* path, mode_t mode);
  virtual int rmdir(const char* path);
  virtual int flock(int fd, int operation);
};

/// The one that simply calls the system.
[[nodiscard]] Disk& real_disk();

}  // namespace fugle::store
