// Signals as readable events: SIGINT, SIGTERM, SIGHUP, and SIGUSR1 and SIGUSR2, by which a batch system tells that time
// is running out. Blocked in every thread; to be made before MPI_Init and before any thread. On ranks that are not the
// head they are only swallowed: the head decides for all.
#pragma once

#include <chrono>
#include <optional>

namespace fugle::app {

class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  [[nodiscard]] int fd() const { return fd_; }
  /// The next signal that came in.
  [[nodiscard]] std::optional<int> take();
  /// When take() last returned a SIGTERM.
  [[nodiscard]] std::optional<std::chrono::steady_clock::time_point> last_term() const { return last_term_; }

 private:
  int fd_ = -1;
  std::optional<std::chrono::steady_clock::time_point> last_term_;
};

}  // namespace fugle::app
