// Finds and ends processes that left the group of their attempt (setsid, daemons). The spawner is their subreaper:
// when their parents die they become its children, so its own list of children holds them sooner or later.
//
// Whose such a process is, when its environment does not say (`env -i`), its mark tells: a number that children get
// before their exec and hand on to all they start, through fork, exec and setsid. It is the timer slack of the process
// (prctl(2), PR_SET_TIMERSLACK; proc(5), timerslack_ns): by default 50 us, ours is up to 8 us more, which no program
// notices. A program that sets it itself, or belongs to another user by now, has no mark.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <unordered_map>
#include <vector>

namespace fugle::spawner {

inline constexpr std::uint32_t kFirstMark = 50'001;
inline constexpr std::uint32_t kNumMarks = 8191;

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

/// The mark of the attempts with this number. It comes again after some thousands: who asks must look for it among the
/// attempts that run.
[[nodiscard]] constexpr std::uint32_t mark_of(std::uint64_t number) {
  return kFirstMark + static_cast<std::uint32_t>(number % kNumMarks);
}
/// 0 when it has none of ours, or is gone.
[[nodiscard]] std::uint32_t mark_of_process(pid_t pid);

/// Kills processes and all their descendants, also those that fork faster than they could be killed one by one: all are
/// stopped first, and stay so, until a second look finds none that is new. So a fork bomb comes to rest at the latest
/// where the system lets it make no more processes.
class Hunt {
 public:
  /// Goes on for about `limit_ms`. `find_roots` lists processes to begin with and is asked again and again; those it is
  /// to spare fail `is_prey`. True when all are killed; false: call again.
  bool go_on(const std::function<std::vector<pid_t>()>& find_roots, const std::function<bool(pid_t)>& is_prey,
             int limit_ms);
  /// Kills those that were stopped so far.
  void kill_stopped();

 private:
  bool stop_tree(pid_t root);
  bool look_twice(std::int64_t end);

  std::unordered_map<pid_t, std::uint64_t> stopped_;  ///< with the time of their start: a pid may come again
};

/// Kills all descendants and waits for them, at most `limit_ms`.
void kill_all_descendants(int limit_ms);

}  // namespace fugle::spawner
