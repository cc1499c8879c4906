// The processes below this one, as Linux knows them (proc(5), /proc/PID/task/PID/children). Knows nothing of what they
// are for but the name of the spawner.
#pragma once

#include <sys/types.h>

#include <set>
#include <string>

namespace fugle::app {

/// Living children of the main thread of `pid`; empty where the kernel does not tell.
[[nodiscard]] std::set<pid_t> children_of(pid_t pid);

/// As the kernel has it: up to 15 characters; empty when it has ended.
[[nodiscard]] std::string name_of_process(pid_t pid);

/// Whether it has become this program, under whatever name either of them was started.
[[nodiscard]] bool runs_our_program(pid_t pid);

/// Ends and reaps all our children but `spared`, to be called by a subreaper: those that come to us while we do it are
/// ended too. A spawner is given 10 s to end its attempts by itself, which it does when its rank is gone.
void end_own_children(const std::set<pid_t>& spared);

}  // namespace fugle::app
