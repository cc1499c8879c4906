// One running attempt, as the spawner sees it.
//
//   running ----timeout, stop----> terminating ----grace over----> killed
//      |                                |                            |
//      '------------ its program has ended, its processes are gone --'
//                                       |
//                  cleaning (a cleanup) --> removing (a scratch directory) --> finished
//
// In `running` and `killed` the program ends when its first process does, and what is left of its group is killed.
// In `terminating` the group has had its TERM and the grace is the whole group's: a shell dies of TERM at once while
// the program it started may still be writing its checkpoint. So there the program ends with the last of the group.
// Of a call in a standing process (slot.hpp) the return of the function is the end of the program, and the process
// lives on; but when the function was told to end, or has left processes behind, the process is killed after it. In
// `cleaning` and `removing` the attempt has another first process, and its end is told when that has ended too: who is
// told of an end finds nothing of the attempt any more.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/mask.hpp"
#include "executor/line_scanner.hpp"
#include "executor/spawner/child.hpp"
#include "executor/spawner/control_group.hpp"
#include "executor/spawner/output_limit.hpp"
#include "executor/wire.hpp"

namespace fugle::spawner {

enum class Phase : std::uint8_t { running, terminating, killed, cleaning, removing };

struct Slot;

/// Of an attempt that is a call in a standing process.
struct Call {
  std::string slot_key;   ///< empty: the attempt is no call
  std::string_view call;  ///< the frame for it; in Attempt::texts
  Slot* slot = nullptr;   ///< that runs it; null: it has died, or is free again
  executor::wire::ReturnedFields returned{};
  std::string reason{};  ///< why it failed
  std::string result{};
  [[nodiscard]] bool has_returned() const { return returned.end != executor::wire::CallEnd::none; }
};

/// Times are nanoseconds of the monotonic clock.
struct Attempt {
  executor::wire::AttemptKey key;
  pid_t pid = 0;  ///< of the first process, and of the group
  int output = -1;
  int errors = -1;  ///< stderr, where it is apart
  std::int64_t started = 0;
  std::int64_t ended = 0;
  std::int64_t grace = 0;
  std::int64_t deadline = 0;       ///< when the phase changes by itself; 0: never
  std::int64_t cleanup_until = 0;  ///< 0: the cleanup has a grace of its own
  Phase phase = Phase::running;
  bool first_process_ended = false;
  bool timed_out = false;
  bool stopped = false;
  bool oom_killed = false;
  std::uint64_t memory_limit = 0;  ///< bytes; 0: none
  std::uint64_t memory_bytes = 0;  ///< held when it was killed for that; 0: it was not
  std::uint64_t peak_bytes = 0;    ///< most it was seen to hold
  std::uint64_t number = 0;        ///< of the first processes started by this spawner; 0: its last one has ended
  std::uint64_t oom_kills_before = 0;
  bool started_alone = false;
  std::uint64_t identity = 0;  ///< see descendants.hpp
  std::uint64_t dropped_bytes = 0;
  OutputLimit output_limit;
  std::array<Mask::Stream, 2> unmasked;  ///< of stdout, stderr: what may be the beginning of a secret
  bool is_quiet = false;  ///< its output is kept here, the end of it, and not in the log
  std::string said;
  bool is_split = false;    ///< stderr has a pipe of its own
  bool is_dropped = false;  ///< its output is not kept, but for metrics
  std::string own_log;      ///< path of a file that has its output besides; empty: none
  int own_log_file = -1;
  std::unique_ptr<executor::LineScanner> metrics;  ///< null: it has none

  // How its program ended.
  int wait_status = 0;
  executor::wire::Step step = executor::wire::Step::done;
  int error = 0;
  int bind_error = 0;
  std::uint64_t cpu_ms = 0;
  std::uint64_t maxrss_kb = 0;
  std::uint64_t read_bytes = 0;
  std::uint64_t written_bytes = 0;
  std::uint64_t oom_kills = 0;   ///< in its own control group
  BitSet bound_to;               ///< CPUs; empty: not bound
  BitSet ran_on;                 ///< CPUs it was found on in the end; empty: those it is bound to
  bool is_shared_out = false;    ///< its ranks or threads were seen to have taken parts of them
  bool has_ranks = false;        ///< of MPI: they will
  bool is_suspected = false;     ///< at the last look it was elsewhere
  std::int64_t look_at = 0;      ///< when its binding is looked at next; of meaning when it is bound
  std::int64_t look_period = 0;  ///< and how long after that again
  std::string texts;             ///< what its programs point to
  Child child;                   ///< not of a call: that of its slot
  Call call;
  std::unique_ptr<ControlGroup> group;  ///< null: it has none of its own

  Child::Program cleanup;  ///< without words: there is none
  executor::wire::Cleanup cleanup_result = executor::wire::Cleanup::none;
  int cleanup_status = 0;
  bool cleanup_timed_out = false;  ///< or the removal
  std::string scratch;             ///< its directory; empty: it has none, or it is gone
  std::uint64_t scratch_bytes = 0;
  bool scratch_stayed = false;

  // What takes its place when it has ended.
  std::unique_ptr<Attempt> next;
  Child::Program next_program;
};

}  // namespace fugle::spawner
