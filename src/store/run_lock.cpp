#include "store/run_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <string_view>
#include <thread>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "store/file.hpp"

namespace fugle::store {
namespace {

std::string lock_path(const std::string& run_dir) { return run_dir + "/run.lock"; }

std::string read_small(const File& file) {
  std::string text(4096, '\0');
  text.resize(file.read_at(0, std::as_writable_bytes(std::span(text))));
  return text;
}

std::string boot_id() {
  const File file("/proc/sys/kernel/random/boot_id", O_RDONLY);
  const std::string text = read_small(file);
  return text.substr(0, text.find('\n'));
}

std::string describe_self() {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  const Time now = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
  return fmt::format("host {}\npid {}\nboot {}\nstart {}\n", host.data(), ::getpid(), boot_id(), format_time(now));
}

LockHolder parse_holder(std::string_view text) {
  LockHolder holder;
  for (const std::string_view line : split(text, '\n')) {
    if (line.starts_with("host ")) holder.host = line.substr(5);
    if (line.starts_with("pid ")) std::from_chars(line.data() + 4, line.data() + line.size(), holder.pid);
  }
  return holder;
}

/// False: someone else has it.
bool try_flock(const File& file, int operation) {
  while (::flock(file.fd(), operation | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno == EWOULDBLOCK) return false;
    throw EnvironmentError(
        fmt::format("cannot lock '{}' (the file system refuses locks: {}); put the run directory "
                    "(--runs-dir) on one that supports flock",
                    file.path(), std::strerror(errno)));
  }
  return true;
}

/// Those who only look at the lock hold it for an instant: that must not keep a head from starting.
bool flock_patiently(const File& file) {
  for (int attempt = 0; attempt < 20; ++attempt) {
    if (try_flock(file, LOCK_EX)) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

}  // namespace

RunLock::RunLock(const std::string& run_dir) : file_(lock_path(run_dir), O_RDWR | O_CREAT) {
  if (!flock_patiently(file_)) {
    const LockHolder holder = parse_holder(read_small(file_));
    throw ConflictError(
        fmt::format("the run in '{}' is locked (process {} on {} is running it); wait for it, or stop it with "
                    "'fugle cancel'",
                    run_dir, holder.pid, holder.host));
  }
  if (::ftruncate(file_.fd(), 0) != 0) throw_errno("cannot write", file_.path(), errno);
  file_.write_at(0, bytes_of(describe_self()));
}

std::optional<LockHolder> find_lock_holder(const std::string& run_dir) {
  const std::string path = lock_path(run_dir);
  if (!file_exists(path)) return std::nullopt;
  const File file(path, O_RDONLY);
  if (try_flock(file, LOCK_SH)) return std::nullopt;
  return parse_holder(read_small(file));
}

}  // namespace fugle::store
