// Finds and ends processes that left the group of their attempt (setsid, daemons). The spawner is their subreaper:
// when their parents die they become its children, so its own list of children holds them sooner or later.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

namespace fugle::spawner {

/// Children of this process; empty where the kernel does not list them (CONFIG_PROC_CHILDREN).
[[nodiscard]] std::vector<pid_t> list_children();

/// Of any process; empty when it is gone.
[[nodiscard]] std::vector<pid_t> threads_of(pid_t pid);
/// Children of all threads of a process.
[[nodiscard]] std::vector<pid_t> children_of(pid_t pid);
/// A process and all its descendants, those excepted whose parents have died.
[[nodiscard]] std::vector<pid_t> process_tree(pid_t root);

/// A number for the attempt an environment speaks of, by FUGLE_ELEMENT and FUGLE_ATTEMPT; 0 when it names none.
[[nodiscard]] std::uint64_t identity_of(const std::vector<const char*>& environment);
/// The same for a running process, by the environment it was started with; 0 also when that can not be read.
[[nodiscard]] std::uint64_t identity_of(pid_t pid);

/// Kills all descendants and waits for them, at most `limit_ms`.
void kill_all_descendants(int limit_ms);

}  // namespace fugle::spawner
