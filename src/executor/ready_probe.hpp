// When a service is asked whether it is ready, and what is said when it never is: soon at first, then each second, one
// question at a time. Pure: knows the time it is told, and nothing of processes.
#pragma once

#include <chrono>
#include <string>

#include "base/time.hpp"

namespace fugle::executor {

class ReadyProbe {
 public:
  using SteadyTime = std::chrono::steady_clock::time_point;

  explicit ReadyProbe(Duration timeout) : timeout_(timeout) {}

  /// Its program has started.
  void begin(SteadyTime now);
  /// It ends, or is being ended: nothing is asked any more.
  void end() { phase_ = Phase::over; }

  enum class Act : std::uint8_t { nothing, ask, give_up };
  /// What is to be done now. What is to be asked counts as asked, and giving up as done.
  [[nodiscard]] Act act(SteadyTime now);
  /// The question was answered: by the end of the command `ready`, empty when that was good; and by what it printed.
  /// True when the service is ready.
  [[nodiscard]] bool hear(const std::string& problem, const std::string& output, SteadyTime now);
  /// How long a question may take that is asked now.
  [[nodiscard]] Duration limit(SteadyTime now) const;

  [[nodiscard]] bool is_asking() const { return phase_ == Phase::waiting || phase_ == Phase::asked; }
  [[nodiscard]] bool has_given_up() const { return has_given_up_; }
  /// "not ready within 5m (the last 'ready': exit code 7: connection refused)"
  [[nodiscard]] std::string reason() const;

 private:
  enum class Phase : std::uint8_t { before, waiting, asked, over };

  Duration timeout_;
  Phase phase_ = Phase::before;
  bool has_given_up_ = false;
  SteadyTime until_{};
  SteadyTime next_{};
  Duration pause_{0};
  std::string last_answer_;
};

}  // namespace fugle::executor
