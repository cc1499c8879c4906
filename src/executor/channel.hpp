// One end of the socket between a rank and its spawner: frames in, frames out, never blocking. What the socket does
// not take at once waits here; each side sends no more than its attempts in flight, so this stays bounded. Header only:
// the spawner includes it too. Does not own the socket.
#pragma once

#include <sys/socket.h>

#include <cerrno>
#include <memory>
#include <string>

#include "executor/wire.hpp"

namespace fugle::executor {

class Channel {
 public:
  explicit Channel(int fd) : fd_(fd), chunk_(std::make_unique<char[]>(kChunkBytes)) {}

  [[nodiscard]] int fd() const { return fd_; }
  /// Where frames to be sent are appended.
  [[nodiscard]] std::string& outgoing() { return outgoing_; }
  [[nodiscard]] bool has_unsent() const { return !outgoing_.empty(); }

  /// Sends what the socket takes. False: the other side is gone.
  bool flush() {
    std::size_t sent = 0;
    while (sent < outgoing_.size()) {
      const ssize_t n = ::send(fd_, outgoing_.data() + sent, outgoing_.size() - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (n >= 0)
        sent += static_cast<std::size_t>(n);
      else if (errno == EAGAIN)
        break;
      else if (errno != EINTR)
        return false;
    }
    outgoing_.erase(0, sent);
    if (outgoing_.empty() && outgoing_.capacity() > kChunkBytes) outgoing_ = {};
    return true;
  }

  /// Reads what has arrived; frames() then yields it. False: the other side is gone, and all it said has been read.
  bool receive() {
    for (;;) {
      const ssize_t n = ::recv(fd_, chunk_.get(), kChunkBytes, MSG_DONTWAIT);
      if (n > 0) frames_.add({chunk_.get(), static_cast<std::size_t>(n)});
      if (n == static_cast<ssize_t>(kChunkBytes)) continue;
      if (n > 0) return true;
      if (n == 0) return false;
      if (errno == EAGAIN) return true;
      if (errno != EINTR) return false;
    }
  }
  [[nodiscard]] wire::FrameSplitter& frames() { return frames_; }

 private:
  static constexpr std::size_t kChunkBytes = 64 * 1024;

  int fd_;
  std::unique_ptr<char[]> chunk_;
  std::string outgoing_;
  wire::FrameSplitter frames_;
};

}  // namespace fugle::executor
