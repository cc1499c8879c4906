// An owned file descriptor, and the closing of all others. Knows nothing of what they refer to.
#pragma once

#include <unistd.h>

#include <utility>

namespace fugle::slurm {

class OwnDescriptor {
 public:
  OwnDescriptor() = default;
  explicit OwnDescriptor(int fd) : fd_(fd) {}
  OwnDescriptor(OwnDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  OwnDescriptor& operator=(OwnDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~OwnDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool is_open() const { return fd_ >= 0; }
  void close() { OwnDescriptor{std::move(*this)}; }

 private:
  int fd_ = -1;
};

/// Closes `first` and all after it. System calls only: for the child of a fork.
void close_descriptors_from(int first);

}  // namespace fugle::slurm
