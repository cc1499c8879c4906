// How often a run is brought back whose ranks died. Only restarts in a row count during which no element ended: a run
// that gets on may lose its head as often as it has elements, one that dies at the same place again and again is given
// up. Knows nothing of processes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

namespace fugle::app {

class RestartBudget {
 public:
  explicit RestartBudget(std::uint32_t most) : most_(most) {}

  /// That many elements of the run have ended, in all its lives.
  void note_progress(std::uint64_t num_ended) {
    if (num_ended_ && num_ended > *num_ended_) num_used_ = 0;
    num_ended_ = std::max(num_ended, num_ended_.value_or(0));
  }
  /// The number of the restart, from 1; nothing when there were `most` in a row.
  [[nodiscard]] std::optional<std::uint32_t> take() {
    if (num_used_ >= most_) return std::nullopt;
    return ++num_used_;
  }
  [[nodiscard]] std::uint32_t most() const { return most_; }

 private:
  std::uint32_t most_;
  std::uint32_t num_used_ = 0;
  std::optional<std::uint64_t> num_ended_;
};

}  // namespace fugle::app
