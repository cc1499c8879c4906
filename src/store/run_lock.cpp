#include "store/run_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <string_view>
#include <thread>

#include "base/error.hpp"

namespace fugle::store {
namespace {

std::string lock_path(const std::string& run_dir) { return run_dir + "/run.lock"; }

LockHolder read_holder(const File& file) {
  std::string text(4096, '\0');
  text.resize(file.read_at(0, std::as_writable_bytes(std::span(text))));
  return holder_in(text);
}

enum class Flock : std::uint8_t { got, held_by_another, refused };

Flock try_flock(const File& file, int operation) {
  while (file.disk().flock(file.fd(), operation | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno == EWOULDBLOCK) return Flock::held_by_another;
    if (errno == ENOLCK || errno == ENOSYS || errno == EOPNOTSUPP) return Flock::refused;
    throw_errno("cannot lock", file.path(), errno);
  }
  return Flock::got;
}

/// Those who only look at the lock hold it for an instant: that must not keep a head from starting.
Flock flock_patiently(const File& file) {
  for (int attempt = 0; attempt < 20; ++attempt) {
    const Flock result = try_flock(file, LOCK_EX);
    if (result != Flock::held_by_another) return result;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return Flock::held_by_another;
}

[[noreturn]] void throw_held(const std::string& run_dir, const LockHolder& holder) {
  throw ConflictError(
      fmt::format("the run in '{}' is locked (process {} on {} is running it); wait for it, or stop it with "
                  "'fugle cancel'",
                  run_dir, holder.pid, holder.host));
}

}  // namespace

LockOptions lock_options() {
  LockOptions options;
  const char* value = std::getenv("FUGLE_NO_FLOCK");
  options.wants_lease = value != nullptr && std::string_view(value) == "1";
  return options;
}

RunLock::RunLock(const std::string& run_dir, const LockOptions& options)
    : file_(lock_path(run_dir), O_RDWR | O_CREAT, *options.lease.disk) {
  const Flock flock = flock_patiently(file_);
  if (flock == Flock::held_by_another) throw_held(run_dir, read_holder(file_));
  if (flock == Flock::refused || options.wants_lease) {
    lease_ = Lease::take(run_dir, options.lease);
    if (!lease_) throw_held(run_dir, find_lease_holder(run_dir, options.lease).value_or(LockHolder{"another node", 0}));
  } else if (const auto holder = find_lease_holder(run_dir, options.lease)) {
    throw_held(run_dir, *holder);
  }
  file_.truncate(0);
  file_.write_at(0, bytes_of(describe_process()));
}

std::optional<LockHolder> find_lock_holder(const std::string& run_dir, const LockOptions& options) {
  const std::string path = lock_path(run_dir);
  if (!file_exists(path)) return std::nullopt;
  const File file(path, O_RDONLY, *options.lease.disk);
  if (try_flock(file, LOCK_SH) == Flock::held_by_another) return read_holder(file);
  return find_lease_holder(run_dir, options.lease);
}

}  // namespace fugle::store
