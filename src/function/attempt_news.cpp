#include "function/attempt_news.hpp"

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/assert.hpp"
#include "base/error.hpp"

namespace fugle::function {

AttemptNews::AttemptNews() : bell_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (bell_.get() < 0)
    throw EnvironmentError(fmt::format("cannot make an event ({}); raise 'ulimit -n'", std::strerror(errno)));
}

/// For the first item or line after a take().
void AttemptNews::ring() {
  if (!items_.empty() || !lines_.empty()) return;
  const std::uint64_t one = 1;
  (void)!::write(bell_.get(), &one, sizeof one);
}

void AttemptNews::push(Item item) {
  ring();
  items_.push_back(std::move(item));
}

void AttemptNews::tell_line(ElementId element, std::uint16_t attempt, std::string_view line) {
  const std::lock_guard lock(mutex_);
  if (num_line_bytes_ + line.size() > kMostLineBytes && !lines_.empty()) {
    ++num_dropped_;
    return;
  }
  ring();
  const bool is_next = !lines_.empty() && lines_.back().element == element && lines_.back().attempt == attempt;
  if (!is_next) lines_.push_back({element, attempt, {}});
  lines_.back().text.append(line) += '\n';
  num_line_bytes_ += line.size() + 1;
}

std::vector<AttemptNews::Line> AttemptNews::take_lines() {
  const std::lock_guard lock(mutex_);
  num_line_bytes_ = 0;
  if (const std::size_t dropped = std::exchange(num_dropped_, 0); dropped > 0)
    lines_.back().text +=
        fmt::format("fugle: {} lines are missing here: functions said them faster than they can be kept\n", dropped);
  return std::exchange(lines_, {});
}

void AttemptNews::tell_started(ElementId element, Time start) {
  const std::lock_guard lock(mutex_);
  push({element, false, start, {}});
}

ThreadPool::Job* AttemptNews::tell_ended(ElementId element, CallResult result) {
  const std::lock_guard lock(mutex_);
  push({element, true, result.start, std::move(result)});
  const auto found = running_.find(element);
  FUGLE_EXPECT(found != running_.end(), "a function ended that was not started");
  ThreadPool::Job* const follower = found->second;
  running_.erase(found);
  return follower;
}

std::vector<AttemptNews::Item> AttemptNews::take() {
  const std::lock_guard lock(mutex_);
  std::uint64_t count = 0;
  (void)!::read(bell_.get(), &count, sizeof count);
  return std::exchange(items_, {});
}

void AttemptNews::expect_end(ElementId element) {
  const std::lock_guard lock(mutex_);
  running_.emplace(element, nullptr);
}

bool AttemptNews::follow(ElementId predecessor, ThreadPool::Job& follower) {
  const std::lock_guard lock(mutex_);
  const auto found = running_.find(predecessor);
  if (found == running_.end()) return false;
  FUGLE_EXPECT(found->second == nullptr, "two attempts follow the same one");
  found->second = &follower;
  return true;
}

bool AttemptNews::unfollow(ElementId predecessor) {
  const std::lock_guard lock(mutex_);
  const auto found = running_.find(predecessor);
  return found != running_.end() && std::exchange(found->second, nullptr) != nullptr;
}

void AttemptNews::forget(ElementId element) {
  const std::lock_guard lock(mutex_);
  running_.erase(element);
}

}  // namespace fugle::function
