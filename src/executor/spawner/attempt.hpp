// One running attempt, as the spawner sees it.
//
//   running ----timeout, stop----> terminating ----grace over----> killed
//
// In `running` and `killed` the attempt ends when its first process does, and what is left of its group is killed.
// In `terminating` the group has had its TERM and the grace is the whole group's: a shell dies of TERM at once while
// the program it started may still be writing its checkpoint. So there the attempt ends with the last of the group.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>

#include "executor/spawner/child.hpp"
#include "executor/wire.hpp"

namespace fugle::spawner {

enum class Phase : std::uint8_t { running, terminating, killed };

/// Times are nanoseconds of the monotonic clock.
struct Attempt {
  executor::wire::AttemptKey key;
  pid_t pid = 0;  ///< of the first process, and of the group
  int output = -1;
  std::int64_t started = 0;
  std::int64_t ended = 0;
  std::int64_t grace = 0;
  std::int64_t deadline = 0;  ///< when the phase changes by itself; 0: never
  Phase phase = Phase::running;
  bool first_process_ended = false;
  bool timed_out = false;
  bool stopped = false;
  bool oom_killed = false;
  std::uint64_t memory_limit = 0;  ///< bytes; 0: none
  std::uint64_t memory_bytes = 0;  ///< held when it was killed for that; 0: it was not
  std::uint64_t number = 0;        ///< of the attempts started by this spawner
  std::uint64_t oom_kills_before = 0;
  bool started_alone = false;
  std::uint64_t identity = 0;  ///< see descendants.hpp
  std::uint64_t dropped_bytes = 0;
  int wait_status = 0;
  std::uint32_t cpu_ms = 0;
  std::uint32_t maxrss_kb = 0;
  BitSet bound_to;               ///< CPUs; empty: not bound
  BitSet ran_on;                 ///< CPUs it was found on in the end; empty: those it is bound to
  bool is_shared_out = false;    ///< its ranks or threads were seen to have taken parts of them
  std::int64_t look_at = 0;      ///< when its binding is looked at next; of meaning when it is bound
  std::int64_t look_period = 0;  ///< and how long after that again
  std::string texts;             ///< what the child's program points to
  Child child;

  // What takes its place when it has ended.
  std::unique_ptr<Attempt> next;
  Child::Program next_program;
};

}  // namespace fugle::spawner
