#include "store/run_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <thread>
#include <utility>

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
  if (const char* job = std::getenv("SLURM_JOB_ID")) options.lease.self.job = job;
  if (const char* restarts = std::getenv("SLURM_RESTART_COUNT"))
    std::from_chars(restarts, restarts + std::strlen(restarts), options.lease.self.restart_count);
  return options;
}

RunLock::RunLock(const std::string& run_dir, const LockOptions& options)
    : file_(lock_path(run_dir), O_RDWR | O_CREAT, *options.lease.disk) {
  const Flock flock = flock_patiently(file_);
  const LockHolder holder = read_holder(file_);
  if (flock == Flock::held_by_another && !holder.incarnation.is_followed_by(options.lease.self))
    throw_held(run_dir, holder);
  if (flock == Flock::held_by_another) take_over(run_dir, options);
  // While we waited for it another one may have put its own in its place.
  if (!file_.has_name()) throw_held(run_dir, find_lock_holder(run_dir, options).value_or(LockHolder{"another node"}));
  take_lease_if_needed(run_dir, options, flock == Flock::refused);
  file_.truncate(0);
  file_.write_at(0, bytes_of(describe_process(options.lease.self)));
}

/// Waits for the older head after the file was replaced: by that it learns that it is to go.
void RunLock::take_over(const std::string& run_dir, const LockOptions& options) {
  const ScopedTemporary mine(fmt::format("{}.{}.{}", lock_path(run_dir), options.lease.self.restart_count, ::getpid()),
                             *options.lease.disk);
  File file(mine.path(), O_RDWR | O_CREAT | O_TRUNC, *options.lease.disk);
  if (flock_patiently(file) != Flock::got) throw_held(run_dir, read_holder(file_));
  file.write_at(0, bytes_of(describe_process(options.lease.self)));
  rename_over(mine.path(), lock_path(run_dir), *options.lease.disk);
  sync_directory(run_dir, *options.lease.disk);
  file.set_path(lock_path(run_dir));
  const File older = std::exchange(file_, std::move(file));
  const auto deadline = std::chrono::steady_clock::now() + options.lease.patience;
  while (try_flock(older, LOCK_EX) == Flock::held_by_another && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
}

void RunLock::take_lease_if_needed(const std::string& run_dir, const LockOptions& options, bool is_flock_refused) {
  const auto holder = find_lease_holder(run_dir, options.lease);
  const bool gives_way = holder && holder->incarnation.is_followed_by(options.lease.self);
  if (is_flock_refused || options.wants_lease || gives_way) {
    lease_ = Lease::take(run_dir, options.lease);
    if (!lease_) throw_held(run_dir, find_lease_holder(run_dir, options.lease).value_or(LockHolder{"another node"}));
  } else if (holder) {
    throw_held(run_dir, *holder);
  }
}

std::optional<LockHolder> find_lock_holder(const std::string& run_dir, const LockOptions& options) {
  const std::string path = lock_path(run_dir);
  if (!file_exists(path)) return std::nullopt;
  const File file(path, O_RDONLY, *options.lease.disk);
  if (try_flock(file, LOCK_SH) == Flock::held_by_another) return read_holder(file);
  return find_lease_holder(run_dir, options.lease);
}

}  // namespace fugle::store
