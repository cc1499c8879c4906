#include "slurm/close_descriptors.hpp"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace fugle::slurm {

void close_descriptors_from(int first) {
#ifdef SYS_close_range
  if (::syscall(SYS_close_range, static_cast<unsigned>(first), ~0U, 0) == 0) return;
#endif
  // Before Linux 5.9.
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  constexpr rlim_t kMost = 1 << 20;
  const auto end = static_cast<int>(limit.rlim_cur < kMost ? limit.rlim_cur : kMost);
  for (int fd = first; fd < end; ++fd) ::close(fd);
}

}  // namespace fugle::slurm
