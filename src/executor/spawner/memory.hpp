// How much memory an attempt holds, and whether the kernel has killed for want of it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

namespace fugle::spawner {

/// Bytes of memory of their own that these processes and their descendants hold now. What they only share with the page
/// cache or as shared memory (/dev/shm) does not count, though the latter can not be dropped: nobody can say whose it
/// is. What several hold after a fork counts once, but that is looked up, which is slow, only when the simple sum
/// exceeds `limit`. Descendants whose parents have died are missed unless they are roots themselves.
[[nodiscard]] std::uint64_t memory_in_use(const std::vector<pid_t>& roots, std::uint64_t limit);

/// The kernel's count of processes killed for lack of memory in our control group: one for the whole job, as a rule,
/// so it does not say whose process it was. Always 0 where there is no such group.
class OomKills {
 public:
  OomKills();
  ~OomKills();
  OomKills(const OomKills&) = delete;
  OomKills& operator=(const OomKills&) = delete;

  [[nodiscard]] std::uint64_t count() const;

 private:
  int file_;
};

}  // namespace fugle::spawner
