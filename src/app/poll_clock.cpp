#include "app/poll_clock.hpp"

#include <algorithm>

namespace fugle::app {

PollClock::PollClock(const std::vector<int>& fds)
    : unix_start_(std::chrono::system_clock::now()), steady_start_(std::chrono::steady_clock::now()) {
  for (const int fd : fds) fds_.push_back({fd, POLLIN, 0});
}

Time PollClock::now() {
  return unix_start_ + std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - steady_start_);
}

void PollClock::wait_until(Time deadline) {
  const bool has_deadline = deadline != kNever;
  const std::int64_t left = has_deadline ? std::max<std::int64_t>(0, (deadline - now()).count()) : 0;
  const timespec timeout{left / 1'000'000'000, left % 1'000'000'000};
  // An interruption or an error ends the wait early, which is allowed: the ports are asked either way.
  ppoll(fds_.data(), fds_.size(), has_deadline ? &timeout : nullptr, nullptr);
}

}  // namespace fugle::app
