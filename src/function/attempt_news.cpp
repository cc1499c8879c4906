#include "function/attempt_news.hpp"

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/assert.hpp"
#include "base/error.hpp"

namespace fugle::function {

AttemptNews::AttemptNews() : bell_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (bell_.get() < 0)
    throw EnvironmentError(fmt::format("cannot make an event ({}); raise 'ulimit -n'", std::strerror(errno)));
}

/// The bell is rung for the first item after a take().
void AttemptNews::push(Item item) {
  if (items_.empty()) {
    const std::uint64_t one = 1;
    (void)!::write(bell_.get(), &one, sizeof one);
  }
  items_.push_back(std::move(item));
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
