// Where head and worker of one rank put what they say. Messages to our own rank never leave it: the Engine hands them
// over in the same step.
#pragma once

#include <deque>
#include <utility>

#include "scheduler/ports.hpp"

namespace fugle::scheduler {

class Outbox {
 public:
  explicit Outbox(Transport& transport) : transport_(transport), self_(transport.self()) {}

  void send(WorkerId to, Message message) {
    if (to == self_)
      local_.push_back(std::move(message));
    else
      transport_.send(to, message);
  }
  [[nodiscard]] bool has_local() const { return !local_.empty(); }
  [[nodiscard]] Message take_local() {
    Message message = std::move(local_.front());
    local_.pop_front();
    return message;
  }

 private:
  Transport& transport_;
  WorkerId self_;
  std::deque<Message> local_;
};

}  // namespace fugle::scheduler
