// The real Clock: Unix time that never goes back within the process, and one ppoll over everything that can wake a
// rank: doorbells, the spawner, signals. Nothing is polled by sleeping.
#pragma once

#include <poll.h>

#include <vector>

#include "scheduler/ports.hpp"

namespace fugle::app {

class PollClock final : public scheduler::Clock {
 public:
  /// `fds` are watched for reading; they outlive the clock.
  explicit PollClock(const std::vector<int>& fds);
  [[nodiscard]] Time now() override;
  void wait_until(Time deadline) override;

 private:
  std::vector<pollfd> fds_;
  Time unix_start_;
  std::chrono::steady_clock::time_point steady_start_;
};

}  // namespace fugle::app
