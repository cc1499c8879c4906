// The state of a whole run (FORMAT.md section 8), the counts of its elements in the words that users see, and what to
// do next. Pure functions of counts and exit code.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "scheduler/run_state.hpp"

namespace fugle::report {

enum class RunCondition : std::uint8_t {
  ok,
  failed,
  cancelled,    ///< by its user; can be resumed
  incomplete,   ///< walltime, drain, or elements that do not fit
  running,      ///< a head holds the run
  interrupted,  ///< nobody holds its lock and no end was recorded
  queued,       ///< it waits for a Slurm job
};
[[nodiscard]] const char* name_of(RunCondition condition);

/// What a user counts. The parts add up to `total`.
struct CountsView {
  std::uint64_t waiting = 0;  ///< WAITING, RETRY_WAIT, HELD, EXPANDING
  std::uint64_t ready = 0;
  std::uint64_t running = 0;  ///< STARTING, RUNNING, CHECKING
  std::uint64_t ok = 0;
  std::uint64_t cached = 0;
  std::uint64_t skipped = 0;
  std::uint64_t blocked = 0;
  std::uint64_t failed = 0;  ///< ignored and tolerated ones included
  std::uint64_t cancelled = 0;

  std::uint64_t ignored = 0;      ///< the part of `failed` under on_failure: ignore
  std::uint64_t tolerated = 0;    ///< the part of `failed` within what its task tolerates
  std::uint64_t held = 0;         ///< the part of `waiting` in HELD
  std::uint64_t retrying = 0;     ///< the part of `waiting` in RETRY_WAIT
  std::uint64_t interrupted = 0;  ///< the part of `ready` that ran when the run died
  std::uint64_t total = 0;

  [[nodiscard]] std::uint64_t num_final() const { return ok + cached + skipped + blocked + failed + cancelled; }
  [[nodiscard]] std::uint64_t num_left() const { return total - num_final(); }
  /// Failures that are neither ignored nor tolerated.
  [[nodiscard]] std::uint64_t num_bad() const { return failed - ignored - tolerated; }
};
[[nodiscard]] CountsView view_of(const scheduler::Counts& counts, std::uint64_t num_ignored,
                                 std::uint64_t num_tolerated);
[[nodiscard]] CountsView view_of(const scheduler::RunState& run);
/// The same for a run whose head is dead: what ran is READY again at the next life.
[[nodiscard]] CountsView interrupt(CountsView counts);

/// Of a run whose head left with `exit_code` (REQUIREMENTS section 1).
[[nodiscard]] RunCondition condition_at_end(const CountsView& counts, int exit_code);

/// "ok 37  cached 0  skipped 0  blocked 2  failed 1  tolerated 0  ignored 0  cancelled 0", then "  left 5" if any.
[[nodiscard]] std::string summary_line(const CountsView& counts);

/// The commands to type next, one per line, each with `indent` before; empty when all is well.
[[nodiscard]] std::string next_steps(RunCondition condition, std::string_view run, std::string_view failed_element,
                                     std::string_view indent);

}  // namespace fugle::report
