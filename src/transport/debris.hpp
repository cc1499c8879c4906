// What ranks that were killed leave on their node and nobody takes away: Open MPI's segments of shared memory (4 MB
// each) and session directories. Knows the names that Open MPI 4 gives them, and nothing of runs.
#pragma once

#include <string>

namespace fugle::transport {

struct DebrisPlaces {
  std::string shared_memory = "/dev/shm";
  std::string temporary = "/tmp";  ///< where the session directories are
  std::string processes = "/proc";
  int youngest_s = 60;  ///< what is younger may belong to a job that is just starting
};

/// Removes `vader_segment.HOST.UID.*` that no process has mapped or open, and `ompi.HOST.UID/pid.N` whose process N is
/// gone: of this user on this host only. Returns how many were removed; what can not be, stays.
int remove_debris(const DebrisPlaces& places = {});

}  // namespace fugle::transport
