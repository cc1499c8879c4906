#include "executor/spawner/binding.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <vector>

#include "executor/spawner/descendants.hpp"

namespace fugle::spawner {

BitSet affinity_of(pid_t thread) {
  // The kernel refuses less than it may have CPUs for, and says how much it wrote.
  std::vector<unsigned long> words(1024);
  const long bytes = ::syscall(SYS_sched_getaffinity, thread, words.size() * sizeof(unsigned long), words.data());
  words.resize(bytes < 0 ? 0 : static_cast<std::size_t>(bytes) / sizeof(unsigned long));
  return BitSet(std::move(words));
}

FoundBinding find_binding(pid_t root) {
  FoundBinding found;
  BitSet first;
  for (const pid_t process : process_tree(root)) {
    if (!children_of(process).empty()) continue;
    for (const pid_t thread : threads_of(process)) {
      const BitSet cpus = affinity_of(thread);
      if (first.is_empty()) first = cpus;
      if (!cpus.is_empty() && cpus != first) found.is_shared_out = true;
      found.cpus.add(cpus);
    }
  }
  return found;
}

}  // namespace fugle::spawner
