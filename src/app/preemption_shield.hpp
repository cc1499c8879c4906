// Slurm ends a job by SIGTERM to every process of its steps at once (scancel, preemption, requeue, a lost node, the
// time limit): to this rank, and to the attempts it runs. An attempt that dies of that has not failed: it was
// preempted, and runs again where the run goes on. The attempt's end may be known before the rank has seen its own
// signal, so an end by SIGTERM that nobody here asked for is kept back for a moment. An Executor around the real one.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <vector>

#include "scheduler/forwarding_executor.hpp"

namespace fugle::app {

class PreemptionShield final : public scheduler::ForwardingExecutor {
 public:
  using Instant = std::chrono::steady_clock::time_point;
  /// `last_term`: when this rank last got a SIGTERM. `now` is for tests.
  PreemptionShield(scheduler::Executor& inner, std::function<std::optional<Instant>()> last_term,
                   std::function<Instant()> now = std::chrono::steady_clock::now);

  void poll(std::vector<scheduler::AttemptReport>& reports) override;

  /// How long until poll() has something that was kept back; nothing: nothing was.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> time_left() const;

 private:
  [[nodiscard]] scheduler::Executor& inner() override { return inner_; }
  struct Kept {
    scheduler::AttemptReport report;
    Instant until;
  };
  [[nodiscard]] bool was_told_to_end(Instant now) const;

  scheduler::Executor& inner_;
  std::function<std::optional<Instant>()> last_term_;
  std::function<Instant()> now_;
  std::vector<Kept> kept_;
};

}  // namespace fugle::app
