// How long a run will still take: the work that is left, by estimates and by what similar elements took, divided by the
// rate at which work was done so far. O(1) per event, O(running) per question. Knows no clock.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "scheduler/ports.hpp"

namespace fugle::report {

class RemainingTime {
 public:
  /// Counts what is not final in `run`; only work seen from now on makes the rate.
  explicit RemainingTime(const scheduler::RunState& run);

  /// The state of these elements may have changed (Effects::changed).
  void update(const scheduler::RunState& run, std::span<const ElementId> changed);
  /// An attempt that ended OK.
  void observe(ElementId element, Duration took);

  /// nullopt while nothing is known. `elapsed`: since the construction.
  [[nodiscard]] std::optional<Duration> eta(Duration elapsed, std::span<const scheduler::RunningAttempt> running,
                                            Time now) const;
  /// Elements that became final since the construction.
  [[nodiscard]] std::int64_t num_settled() const { return num_settled_; }

 private:
  struct TaskStats {
    std::uint32_t left = 0;  ///< elements without an estimate
    std::uint32_t ended = 0;
    double seconds = 0;  ///< of those that ended
    [[nodiscard]] double left_s() const { return ended == 0 ? 0 : left * seconds / ended; }
  };
  [[nodiscard]] bool is_service(ElementId element) const;
  void count(ElementId element, int sign);
  void grow();
  [[nodiscard]] std::optional<double> seconds_of(ElementId element) const;
  /// Real durations over estimates, so far.
  [[nodiscard]] double bias() const { return estimated_s_ > 0 ? taken_s_ / estimated_s_ : 1.0; }
  /// Mean of all observed durations, or of the estimates of what is left.
  [[nodiscard]] std::optional<double> mean_s() const;

  const graph::Graph* graph_;
  std::vector<bool> is_final_;
  std::vector<TaskStats> tasks_;
  double estimates_left_s_ = 0;  ///< sum over elements left that have an estimate
  std::uint64_t num_estimates_left_ = 0;
  double learned_left_s_ = 0;             ///< sum of TaskStats::left_s
  std::uint64_t num_unknown_left_ = 0;    ///< no estimate, and none of their task has ended
  double estimated_s_ = 0, taken_s_ = 0;  ///< of ended elements that had an estimate
  double observed_s_ = 0;
  std::uint64_t num_observed_ = 0;
  std::int64_t num_settled_ = 0;
};

}  // namespace fugle::report
