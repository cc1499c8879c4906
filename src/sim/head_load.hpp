// How long the head is busy with what it does: each message and each event of the journal takes it some microseconds,
// and while it is busy it can not step. So a head that is asked too much shows, as it would in reality.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.hpp"

namespace fugle::sim {

/// All zero: a head of infinite speed.
struct HeadCost {
  Duration step{0};     ///< waking up, looking at what came
  Duration message{0};  ///< each received or sent
  Duration event{0};    ///< each applied, recorded and acted upon
};

class HeadLoad {
 public:
  explicit HeadLoad(HeadCost cost) : cost_(cost) {}

  /// A step begins; not before free_at().
  void begin(Time now, std::uint64_t num_messages) {
    step_ = now;
    free_at_ = now + cost_.step + cost_.message * static_cast<std::int64_t>(num_messages);
  }
  void add_events(std::uint64_t num_events) { free_at_ += cost_.event * static_cast<std::int64_t>(num_events); }
  /// Of the step that goes on. Returns when the message leaves.
  Time send() { return free_at_ += cost_.message; }
  void end() { busy_ += free_at_ - step_; }

  [[nodiscard]] Time free_at() const { return free_at_; }
  [[nodiscard]] Duration busy() const { return busy_; }

 private:
  HeadCost cost_;
  Time step_{};
  Time free_at_{};
  Duration busy_{0};
};

}  // namespace fugle::sim
