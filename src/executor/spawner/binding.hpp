// Where processes may run, read back: what was asked for before the exec may have been changed by the program itself,
// by a wrapper such as taskset or by an MPI runtime.
#pragma once

#include <sys/types.h>

#include "executor/spawner/bit_set.hpp"

namespace fugle::spawner {

/// CPUs of one thread, or of a process that is dead and not yet reaped; empty when it can not be read.
[[nodiscard]] BitSet affinity_of(pid_t thread);

struct FoundBinding {
  BitSet cpus;                 ///< of all threads of the processes that have no children: those do the work
  bool is_shared_out = false;  ///< not all of these may run on the same: ranks or threads that were pinned
};
/// Of a process and its descendants.
[[nodiscard]] FoundBinding find_binding(pid_t root);

}  // namespace fugle::spawner
