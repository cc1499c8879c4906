// How much memory an attempt holds, and whether the kernel has killed for want of it.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace fugle::spawner {

/// Bytes of memory of their own that a process and its descendants hold now. File pages do not count: the kernel can
/// drop them. What several processes share counts once, but that is looked up, which is slow, only when the simple sum
/// exceeds `limit`. Descendants whose parents have died are missed.
[[nodiscard]] std::uint64_t memory_in_use(pid_t root, std::uint64_t limit);

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
