// A lock for file systems without flock: run.lease.<n>, a file that only one can make, in which its holder says who it
// is, and whose time of change it renews every few seconds. A lease is free when its holder gave it back, or its
// process is gone (same host, same boot), or its heartbeat is older than a minute, or it was told to go: an earlier
// incarnation of our batch job. Who takes it over makes run.lease.<n
// + 1>: of any number of takers one succeeds, and the number never falls. A holder that was only paused so long is not
// told; the journal keeps it from doing harm (JournalWriter).
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/time.hpp"
#include "store/file.hpp"

namespace fugle::store {

/// Of a batch job: the same job may be there twice, when Slurm has requeued it while what it began before still runs.
struct Incarnation {
  std::string job;  ///< "1234"; empty: not in a job
  std::uint32_t restart_count = 0;
  bool operator==(const Incarnation&) const = default;
  /// Then it was told to go, and `later` is to have what it holds.
  [[nodiscard]] bool is_followed_by(const Incarnation& later) const {
    return !job.empty() && job == later.job && restart_count < later.restart_count;
  }
};

struct LeaseOptions {
  Duration heartbeat = std::chrono::seconds(5);
  Duration stale_after = std::chrono::seconds(60);
  Duration second_look = std::chrono::seconds(2);  ///< after a stale lease was taken over
  Duration patience = std::chrono::seconds(60);    ///< until an earlier incarnation of our job has gone
  Incarnation self;
  Disk* disk = &real_disk();
};

/// Who holds a run.
struct LockHolder {
  std::string host;
  int pid = 0;
  Incarnation incarnation{};
  bool operator==(const LockHolder&) const = default;
};

class Lease {
 public:
  /// nullptr: somebody else holds it, see find_lease_holder(). Throws EnvironmentError.
  [[nodiscard]] static std::unique_ptr<Lease> take(const std::string& run_dir, const LeaseOptions& options);
  /// Gives it back.
  ~Lease();
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

 private:
  Lease(std::string run_dir, std::uint64_t number, File file, const LeaseOptions& options);
  void keep_alive();

  const std::string run_dir_;
  const std::uint64_t number_;
  File file_;
  const LeaseOptions options_;
  std::mutex mutex_;
  std::condition_variable ending_;
  bool is_ending_ = false;
  std::thread thread_;
};

/// Only looks. nullopt: nobody.
[[nodiscard]] std::optional<LockHolder> find_lease_holder(const std::string& run_dir, const LeaseOptions& options = {});

/// "host ..., pid ..., boot ..., start ..., job ..." of this process, a line each; what is in lock and lease for people
/// and for holder_in().
[[nodiscard]] std::string describe_process(const Incarnation& self = {});
[[nodiscard]] LockHolder holder_in(const std::string& description);

}  // namespace fugle::store
