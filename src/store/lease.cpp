#include "store/lease.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/text.hpp"

namespace fugle::store {
namespace {

constexpr std::string_view kPrefix = "run.lease.";
// Of equal length: one is written over the other.
constexpr std::string_view kHeld = "state held    \n";
constexpr std::string_view kReleased = "state released\n";

std::string lease_path(const std::string& run_dir, std::uint64_t number) {
  return fmt::format("{}/{}{}", run_dir, kPrefix, number);
}

std::string read_small(const File& file) {
  std::string text(4096, '\0');
  text.resize(file.read_at(0, std::as_writable_bytes(std::span(text))));
  return text;
}

std::string boot_id() {
  const std::string text = read_small(File("/proc/sys/kernel/random/boot_id", O_RDONLY));
  return text.substr(0, text.find('\n'));
}

/// Processes are only comparable within one (containers of a host have their own).
std::string process_space() {
  std::array<char, 64> target{};
  const ssize_t length = ::readlink("/proc/self/ns/pid", target.data(), target.size());
  return {target.data(), length < 0 ? 0 : static_cast<std::size_t>(length)};
}

/// When the process began, in ticks since the boot; empty when there is none of that number. proc(5): the 22nd word,
/// counted behind the name, which ends with the last ')'.
std::string birth_of(int pid) {
  try {
    const std::string text = read_small(File(fmt::format("/proc/{}/stat", pid), O_RDONLY));
    const auto words = split(std::string_view(text).substr(text.rfind(')') + 2), ' ');
    return words.size() > 19 ? std::string(words[19]) : std::string();
  } catch (const EnvironmentError&) {
    return {};
  }
}

std::string value_in(std::string_view text, std::string_view key) {
  for (const std::string_view line : split(text, '\n')) {
    if (line.starts_with(key)) return std::string(line.substr(key.size()));
  }
  return {};
}

std::optional<std::uint64_t> number_in(std::string_view name) {
  if (!name.starts_with(kPrefix)) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc{} || end != name.data() + name.size()) return std::nullopt;
  return number;
}

/// 0: there is none.
std::uint64_t latest_number(const std::string& run_dir) {
  std::uint64_t latest = 0;
  for (const std::string& name : list_directory(run_dir)) latest = std::max(latest, number_in(name).value_or(0));
  return latest;
}

Time changed_at(const File& file) {
  struct stat status {};
  if (::fstat(file.fd(), &status) != 0) return Time{};
  return from_ns(std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec);
}

Time wall_clock() { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); }

/// `now` by the clock that the file system gives to changed files.
bool is_free(const File& lease, Time now, Duration stale_after) {
  const std::string text = read_small(lease);
  if (text.starts_with(kReleased)) return true;
  const LockHolder holder = holder_in(text);
  const std::string self = describe_process();
  const auto is_equal = [&](std::string_view key) { return value_in(text, key) == value_in(self, key); };
  const bool is_near = is_equal("host ") && is_equal("boot ") && is_equal("space ");
  // That of another user may be hidden: then the heartbeat counts.
  const bool is_hidden = ::kill(holder.pid, 0) != 0 && errno == EPERM;
  if (is_near && !is_hidden) return birth_of(holder.pid) != value_in(text, "birth ");
  return now - changed_at(lease) > stale_after;
}

/// It sees the newer lease within a second, and ends what it runs. After `patience` it goes on without us waiting: the
/// journal keeps it from writing.
void wait_until_free(const File& older, const LeaseOptions& options) {
  const auto deadline = std::chrono::steady_clock::now() + options.patience;
  while (!is_free(older, wall_clock(), options.stale_after) && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
}

/// The lease of the largest number, opened; nullopt when there is none (any more).
std::optional<File> open_latest(const std::string& run_dir, std::uint64_t number, Disk& disk) {
  if (number == 0) return std::nullopt;
  try {
    return File(lease_path(run_dir, number), O_RDONLY, disk);
  } catch (const EnvironmentError&) {
    return std::nullopt;
  }
}

std::string unique_path(const std::string& run_dir) {
  static std::atomic<unsigned> counter{0};
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  return fmt::format("{}/run.lease.by.{}.{}.{}", run_dir, host.data(), ::getpid(), ++counter);
}

}  // namespace

std::string describe_process(const Incarnation& self) {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  std::string text = fmt::format("host {}\npid {}\nboot {}\nstart {}\nspace {}\nbirth {}\n", host.data(), ::getpid(),
                                 boot_id(), format_time(wall_clock()), process_space(), birth_of(::getpid()));
  if (!self.job.empty()) text += fmt::format("job {}\nrestarts {}\n", self.job, self.restart_count);
  return text;
}

LockHolder holder_in(const std::string& description) {
  LockHolder holder;
  holder.host = value_in(description, "host ");
  const std::string pid = value_in(description, "pid ");
  std::from_chars(pid.data(), pid.data() + pid.size(), holder.pid);
  holder.incarnation.job = value_in(description, "job ");
  const std::string restarts = value_in(description, "restarts ");
  std::from_chars(restarts.data(), restarts.data() + restarts.size(), holder.incarnation.restart_count);
  return holder;
}

std::unique_ptr<Lease> Lease::take(const std::string& run_dir, const LeaseOptions& options) {
  Disk& disk = *options.disk;
  const ScopedTemporary mine(unique_path(run_dir), disk);
  File file(mine.path(), O_RDWR | O_CREAT | O_TRUNC, disk);
  file.write_at(0, bytes_of(std::string(kHeld) + describe_process(options.self)));
  file.sync_all();

  const std::uint64_t latest = latest_number(run_dir);
  const auto older = open_latest(run_dir, latest, disk);
  bool is_taken_over = false, is_told_to_go = false;
  if (older) {
    const std::string text = read_small(*older);
    is_taken_over = !text.starts_with(kReleased);
    if (!is_free(*older, changed_at(file), options.stale_after)) {
      is_told_to_go = holder_in(text).incarnation.is_followed_by(options.self);
      if (!is_told_to_go) return nullptr;
    }
  }
  const std::uint64_t number = latest + 1;
  if (!rename_to_new(mine.path(), lease_path(run_dir, number), disk)) return nullptr;
  file.set_path(lease_path(run_dir, number));
  sync_directory(run_dir, disk);
  std::unique_ptr<Lease> taken(new Lease(run_dir, number, std::move(file), options));
  if (is_taken_over) std::this_thread::sleep_for(options.second_look);
  if (latest_number(run_dir) != number) return nullptr;
  if (is_told_to_go) wait_until_free(*older, options);
  // The one before stays, so that nobody who lists the directory meanwhile finds none.
  for (const std::string& name : list_directory(run_dir)) {
    const auto old = number_in(name);
    if (old && *old + 1 < number) remove_if_exists(run_dir + "/" + name, disk);
  }
  return taken;
}

Lease::Lease(std::string run_dir, std::uint64_t number, File file, const LeaseOptions& options)
    : run_dir_(std::move(run_dir)), number_(number), file_(std::move(file)), options_(options), thread_([this] {
        keep_alive();
      }) {}

Lease::~Lease() {
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  ending_.notify_all();
  thread_.join();
  try {
    file_.write_at(0, bytes_of(kReleased));
  } catch (const EnvironmentError&) {
    // Then it is stale in a minute.
  }
}

/// A heartbeat that fails is one that is missing: nothing more can be done about it here.
void Lease::keep_alive() {
  std::unique_lock lock(mutex_);
  while (!ending_.wait_for(lock, options_.heartbeat, [&] { return is_ending_; })) (void)::futimens(file_.fd(), nullptr);
}

std::optional<LockHolder> find_lease_holder(const std::string& run_dir, const LeaseOptions& options) {
  const auto lease = open_latest(run_dir, latest_number(run_dir), *options.disk);
  if (!lease || is_free(*lease, wall_clock(), options.stale_after)) return std::nullopt;
  return holder_in(read_small(*lease));
}

}  // namespace fugle::store
