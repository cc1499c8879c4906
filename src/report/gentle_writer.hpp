// Writes text to a descriptor that others may share (a terminal, a pipe, a file) without ever waiting for it: what does
// not fit now is kept, up to a limit. The descriptor's flags are left alone, since they belong to its other users too;
// instead at most PIPE_BUF bytes are written after poll() said that there is room. Does not own the descriptor.
#pragma once

#include <string>
#include <string_view>

#include "base/time.hpp"

namespace fugle::report {

class GentleWriter {
 public:
  explicit GentleWriter(int fd) : fd_(fd) {}

  /// Beyond kMaxPending pending bytes the text is dropped, and a line that says so is written in its place.
  void put(std::string_view text);
  /// Writes what goes now.
  void flush();
  /// Waits for room up to `patience` in all: for the last words only.
  void drain(Duration patience);

  [[nodiscard]] bool has_pending() const { return !pending_.empty(); }

 private:
  bool write_some(int timeout_ms);

  static constexpr std::size_t kMaxPending = std::size_t{1} << 20;
  int fd_;
  bool is_broken_ = false;
  std::string pending_;
  std::size_t num_dropped_ = 0;
};

}  // namespace fugle::report
