// Whether all ranks have come to an end together. Each rank that has nothing to do adds its counts of messages sent and
// received to a wave; all have ended when two waves, one after the other, find the same number sent as received, in
// both the same (F. Mattern, Algorithms for distributed termination detection, Distributed Computing 2, 1987: the
// method of four counters). A wave ends on no rank before it has begun on all, so that a message cannot hide between
// two of them.
#pragma once

#include <cstdint>

namespace fugle::calls {

class QuietSearch {
 public:
  /// What a wave found; whether nothing moves any more.
  bool look(std::int64_t num_sent, std::int64_t num_received) {
    const bool is_quiet = num_sent == num_received && num_sent == last_sent_;
    last_sent_ = num_sent == num_received ? num_sent : -1;
    return is_quiet;
  }
  /// Something was set in motion by all ranks after the last wave.
  void begin_anew() { last_sent_ = -1; }

 private:
  std::int64_t last_sent_ = -1;  ///< of the last wave; -1: there was none, or messages were under way
};

}  // namespace fugle::calls
