#include "store/disk.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

namespace fugle::store {

int Disk::open(const char* path, int flags, mode_t mode) { return ::open(path, flags, mode); }
int Disk::close(int fd) { return ::close(fd); }
ssize_t Disk::pread(int fd, void* bytes, std::size_t count, off_t offset) { return ::pread(fd, bytes, count, offset); }
ssize_t Disk::pwrite(int fd, const void* bytes, std::size_t count, off_t offset) {
  return ::pwrite(fd, bytes, count, offset);
}
int Disk::ftruncate(int fd, off_t size) { return ::ftruncate(fd, size); }
int Disk::fsync(int fd) { return ::fsync(fd); }
int Disk::fdatasync(int fd) { return ::fdatasync(fd); }
int Disk::rename(const char* from, const char* to) { return ::rename(from, to); }
int Disk::rename_to_new(const char* from, const char* to) {
  return ::renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
}
int Disk::link(const char* from, const char* to) { return ::link(from, to); }
int Disk::unlink(const char* path) { return ::unlink(path); }
int Disk::mkdir(const char* path, mode_t mode) { return ::mkdir(path, mode); }
int Disk::rmdir(const char* path) { return ::rmdir(path); }
int Disk::flock(int fd, int operation) { return ::flock(fd, operation); }

Disk& real_disk() {
  static Disk disk;
  return disk;
}

}  // namespace fugle::store
