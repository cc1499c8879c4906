// The journal on disk (environment: HDF5 files whose metadata never changes; FORMAT.md beside this file).
// append() copies rows into a batch; a commit thread of this class writes and syncs a group every commit interval, so
// the scheduler's thread never waits for a disk. All HDF5 calls of a FileStore happen on that thread or, before it
// starts, in the constructor.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "scheduler/ports.hpp"

namespace fugle::store {

struct JournalOptions {
  Duration commit_interval = std::chrono::milliseconds(20);
  std::uint32_t capacity = 65536;   ///< rows per segment; see capacity_for()
  std::uint32_t commit_align = 0;   ///< 0 packed, 4096: each commit starts a page
  int wake_fd = -1;                 ///< eventfd to write to after each commit; -1: none
};

/// clamp(next power of two of 3n/16, 4096, 65536).
[[nodiscard]] std::uint32_t capacity_for(std::uint32_t num_elements);

/// What an earlier life left, in order. Nothing is changed on disk.
struct Recovered {
  std::vector<scheduler::Event> events;
  std::uint32_t num_segments = 0;
  std::string run;              ///< uuid of the journal
  std::uint64_t epoch = 0;      ///< of the last segment
  std::uint32_t capacity = 0;
  bool torn = false;            ///< rows of an unacknowledged batch were dropped
};
/// Throws EnvironmentError naming the segment when acknowledged data is damaged; ConflictError for a newer format.
[[nodiscard]] Recovered read_journal(const std::string& run_dir);

class FileStore final : public scheduler::Store {
 public:
  /// A new life: the first one when there are no segments (`recovered` empty), else the continuation of `recovered`
  /// (tail zeroed and synced, then a new segment with the next epoch). The caller holds the RunLock.
  FileStore(std::string run_dir, const Recovered& recovered, JournalOptions options);
  ~FileStore() override;

  void append(std::span<const scheduler::Event> events) override;
  [[nodiscard]] scheduler::Sequence appended() const override;
  [[nodiscard]] scheduler::Sequence durable() const override;
  void flush() override;
  [[nodiscard]] std::optional<std::string> fault() const override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// Follows the journal of a live or dead run without locks: each call returns the events that became readable.
class JournalFollower {
 public:
  explicit JournalFollower(std::string run_dir);
  ~JournalFollower();
  [[nodiscard]] std::vector<scheduler::Event> poll();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fugle::store
