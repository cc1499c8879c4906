#include "function/plugin_host/binding.hpp"

#include <dirent.h>
#include <linux/mempolicy.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

namespace fugle::function {
namespace {

using spawner::BitSet;

constexpr long kPreferMany = 5;  // MPOL_PREFERRED_MANY, which older headers lack

BitSet affinity() {
  std::vector<unsigned long> words(1024);
  const long bytes = ::syscall(SYS_sched_getaffinity, 0, words.size() * sizeof(unsigned long), words.data());
  words.resize(bytes < 0 ? 0 : static_cast<std::size_t>(bytes) / sizeof(unsigned long));
  return BitSet(std::move(words));
}

int bind_thread(long thread, const BitSet& cpus) {
  return ::syscall(SYS_sched_setaffinity, thread, cpus.num_bytes(), cpus.data()) < 0 ? errno : 0;
}

/// Threads that libraries keep between calls move along: they would compute where another attempt is by now.
void bind_other_threads(const BitSet& cpus) {
  DIR* const folder = ::opendir("/proc/self/task");
  if (folder == nullptr) return;
  while (const dirent* entry = ::readdir(folder)) {
    const long thread = std::strtol(entry->d_name, nullptr, 10);
    if (thread > 0 && thread != ::getpid()) (void)bind_thread(thread, cpus);
  }
  ::closedir(folder);
}

/// Preferred, not bound: see executor/spawner/child.hpp.
void prefer_memory_of(const BitSet& nodes) {
  if (nodes.is_empty()) {
    ::syscall(SYS_set_mempolicy, MPOL_DEFAULT, nullptr, 0);
    return;
  }
  const std::size_t num_bits = nodes.num_bytes() * 8 + 1;  // the kernel leaves the last one out
  if (::syscall(SYS_set_mempolicy, kPreferMany, nodes.data(), num_bits) < 0 && nodes.is_single())
    ::syscall(SYS_set_mempolicy, MPOL_PREFERRED, nodes.data(), num_bits);
}

}  // namespace

Binding::Binding() : at_start_(affinity()), cpus_(at_start_) {}

int Binding::apply(const std::vector<std::uint32_t>& cpus, const std::vector<std::uint32_t>& numa_nodes) {
  if (numa_nodes != numa_nodes_) prefer_memory_of(BitSet(numa_nodes));
  numa_nodes_ = numa_nodes;
  const BitSet wanted = cpus.empty() ? at_start_ : BitSet(cpus);
  if (wanted == cpus_) return 0;
  if (const int error = bind_thread(0, wanted); error != 0) return error;
  bind_other_threads(wanted);
  cpus_ = wanted;
  return 0;
}

}  // namespace fugle::function
