// One head per run: flock on run.lock, held for the life of the process and released by the kernel when it dies, so a
// lock never needs to be broken by hand. The text inside names the holder for people: host, pid, boot id, start.
#pragma once

#include <optional>
#include <string>

#include "store/file.hpp"

namespace fugle::store {

class RunLock {
 public:
  /// Throws ConflictError naming host and pid of the holder, EnvironmentError when the directory is not usable.
  explicit RunLock(const std::string& run_dir);

 private:
  File file_;
};

struct LockHolder {
  std::string host;
  int pid = 0;
  bool operator==(const LockHolder&) const = default;
};
/// Who holds the lock now; nullopt: nobody. Only looks; throws EnvironmentError when the lock can not be read.
[[nodiscard]] std::optional<LockHolder> find_lock_holder(const std::string& run_dir);

}  // namespace fugle::store
