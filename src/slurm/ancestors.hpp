// The processes above this one, by which it is known where it runs whatever its environment says. Knows nothing of what
// they mean.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace fugle::slurm {

struct Ancestor {
  pid_t pid = 0;
  std::string name;   ///< as in /proc/PID/comm: 15 characters at most
  std::string title;  ///< the first word of its command line, which daemons write themselves
};

/// The parent first, process 1 last; as far as they can be seen (hidepid hides those of others).
[[nodiscard]] std::vector<Ancestor> ancestors();

}  // namespace fugle::slurm
