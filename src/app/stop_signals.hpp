// SIGINT and SIGTERM as readable events. Blocked in every thread; to be made before MPI_Init and before any thread.
// On ranks that are not the head the signals are only swallowed: the head decides for all.
#pragma once

#include <optional>

namespace fugle::app {

class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  [[nodiscard]] int fd() const { return fd_; }
  /// The next signal that came in: SIGINT, SIGTERM or SIGHUP.
  [[nodiscard]] std::optional<int> take();

 private:
  int fd_ = -1;
};

}  // namespace fugle::app
