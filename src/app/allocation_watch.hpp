// When the Slurm job ends, as Slurm says it now: the limit may be changed while the job runs, and a job that was
// suspended ends later. Asked every 30 s at most, more often towards the end, and once more right before the end is
// acted upon. While Slurm does not answer, what it said last holds. Rank 0 uses it; it never waits for longer than 3 s.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.hpp"
#include "scheduler/engine.hpp"
#include "slurm/errands.hpp"

namespace fugle::app {

/// When to ask: a pure function of time, for tests.
class AskingPlan {
 public:
  explicit AskingPlan(Duration reserve) : reserve_(reserve) {}
  /// kNever: not known. It was said at `now`.
  void set_end(Time end, Time now);
  void note_asked(Time now) { last_asked_ = now; }
  [[nodiscard]] bool is_time_to_ask(Time now) const;
  /// What follows from the end is about to be done, by an answer that may be out of date.
  [[nodiscard]] bool must_be_sure(Time now) const;

 private:
  Duration reserve_;
  Time end_ = kNever;
  Time last_answer_{};
  Time last_asked_{};
};

class AllocationWatch {
 public:
  struct Wish {
    std::string job;
    Time latest = kNever;  ///< as --walltime says: whatever Slurm says, not later
    Duration reserve{0};
    Duration signal_margin{0};  ///< so long before the end Slurm sends SIGUSR1
  };
  AllocationWatch(slurm::Errands& errands, Wish wish);

  /// Asks and waits; kNever: Slurm does not know, or does not answer.
  [[nodiscard]] Time first_end(Time now);
  /// Before each step of the engine.
  void serve(scheduler::Engine& engine, Time now);
  /// SIGUSR1: the end is near. Where Slurm does not say when, it is `signal_margin` from now.
  void warn(Time now);
  /// Latest known.
  [[nodiscard]] Time end() const { return end_; }

 private:
  void ask(Time now);
  void take(const slurm::Answer& answer, Time now);

  slurm::Errands& errands_;
  Wish wish_;
  AskingPlan plan_;
  Time end_ = kNever;
  std::optional<std::uint64_t> ticket_;
  std::optional<Time> warned_at_;
};

}  // namespace fugle::app
