// One head per run: flock on run.lock, held for the life of the process and released by the kernel when it dies, so a
// lock never needs to be broken by hand. The text inside names the holder for people: host, pid, boot id, start. Where
// the file system refuses flock, or keeps it to one node, a lease does the same (lease.hpp).
//
// One holder gives way: an earlier incarnation of the batch job that asks. Slurm may requeue a job while what it began
// before still runs (a node that was cut off, a killed slurmstepd). The later one puts a new run.lock in the place of
// the old; the older head looks every second who holds the run, ends what it runs, and leaves.
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
/// A lease is wanted when the environment variable FUGLE_NO_FLOCK is 1; the incarnation is that of SLURM_JOB_ID and
/// SLURM_RESTART_COUNT.
[[nodiscard]] LockOptions lock_options();

class RunLock {
 public:
  /// Throws ConflictError naming host and pid of the holder, EnvironmentError when the directory is not usable. Waits
  /// for an earlier incarnation to have gone, LeaseOptions::patience at most.
  explicit RunLock(const std::string& run_dir, const LockOptions& options = lock_options());

 private:
  void take_over(const std::string& run_dir, const LockOptions& options);
  void take_lease_if_needed(const std::string& run_dir, const LockOptions& options, bool is_flock_refused);

  File file_;
  std::unique_ptr<Lease> lease_;
};

/// Who holds the lock now; nullopt: nobody. Only looks; throws EnvironmentError when the lock can not be read.
[[nodiscard]] std::optional<LockHolder> find_lock_holder(const std::string& run_dir,
                                                         const LockOptions& options = lock_options());

}  // namespace fugle::store
