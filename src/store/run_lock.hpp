// One head per run: flock on run.lock, held for the life of the process and released by the kernel when it dies, so a
// lock never needs to be broken by hand. The text inside names the holder for people: host, pid, boot id, start. Where
// the file system refuses flock, or keeps it to one node, a lease does the same (lease.hpp).
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "store/lease.hpp"

namespace fugle::store {

struct LockOptions {
  bool wants_lease = false;  ///< also where flock works: it may be local to a node (Lustre mounted with localflock)
  LeaseOptions lease;
};
/// A lease is wanted when the environment variable FUGLE_NO_FLOCK is 1.
[[nodiscard]] LockOptions lock_options();

class RunLock {
 public:
  /// Throws ConflictError naming host and pid of the holder, EnvironmentError when the directory is not usable.
  explicit RunLock(const std::string& run_dir, const LockOptions& options = lock_options());

 private:
  File file_;
  std::unique_ptr<Lease> lease_;
};

/// Who holds the lock now; nullopt: nobody. Only looks; throws EnvironmentError when the lock can not be read.
[[nodiscard]] std::optional<LockHolder> find_lock_holder(const std::string& run_dir,
                                                         const LockOptions& options = lock_options());

}  // namespace fugle::store
