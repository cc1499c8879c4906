#include "report/gentle_writer.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

namespace fugle::report {

void GentleWriter::put(std::string_view text) {
  if (is_broken_) return;
  if (pending_.size() + text.size() > kMaxPending) {
    ++num_dropped_;
    return;
  }
  if (num_dropped_ > 0) {
    pending_ += fmt::format("({} messages were dropped here: the output was not read)\n", num_dropped_);
    num_dropped_ = 0;
  }
  pending_ += text;
  flush();
}

bool GentleWriter::write_some(int timeout_ms) {
  pollfd room{fd_, POLLOUT, 0};
  if (::poll(&room, 1, timeout_ms) <= 0) return false;
  const ssize_t written = ::write(fd_, pending_.data(), std::min<std::size_t>(pending_.size(), PIPE_BUF));
  if (written < 0) {
    if (errno == EINTR || errno == EAGAIN) return false;
    is_broken_ = true;
    pending_.clear();
    return false;
  }
  pending_.erase(0, static_cast<std::size_t>(written));
  return true;
}

void GentleWriter::flush() {
  while (!pending_.empty() && write_some(0)) continue;
}

void GentleWriter::drain(Duration patience) {
  constexpr int kStepMs = 100;
  auto steps = std::chrono::ceil<std::chrono::milliseconds>(patience).count() / kStepMs;
  while (!pending_.empty() && !is_broken_ && steps > 0)
    if (!write_some(kStepMs)) --steps;
}

}  // namespace fugle::report
