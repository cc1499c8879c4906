// The journal on disk (HDF5 files whose metadata never changes; FORMAT.md beside this file) as the scheduler's Store.
// append() copies rows into a batch; a commit thread of this class writes and syncs a group every commit interval, so
// the scheduler's thread never waits for a disk. Apart from flush() nothing here blocks. While the disk stalls the
// batch grows by 64 bytes and the text per event.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "scheduler/ports.hpp"
#include "store/journal_follower.hpp"
#include "store/journal_reader.hpp"

namespace fugle::store {

struct JournalOptions {
  Duration commit_interval = std::chrono::milliseconds(20);
  std::uint32_t capacity = 65536;  ///< rows per segment, a multiple of 64 from 256; see capacity_for()
  std::uint32_t commit_align = 0;  ///< 0 packed, 4096: each commit starts a page
  int wake_fd = -1;                ///< eventfd to write to after each commit and at a fault; -1: none
  Disk* disk = &real_disk();       ///< outlives the store
};

/// clamp(next power of two of 3n/16, 4096, 65536).
[[nodiscard]] std::uint32_t capacity_for(std::uint32_t num_elements);

class FileStore final : public scheduler::Store {
 public:
  /// A new life: the first one when there are no segments (`recovered` empty), else the continuation of `recovered`
  /// (tail zeroed and synced, then a new segment with the next epoch). The caller holds the RunLock.
  FileStore(std::string run_dir, const Recovered& recovered, JournalOptions options);
  /// Commits what was appended, unless there was a fault.
  ~FileStore() override;

  /// Texts beyond 65,535 bytes are cut and say so at their end.
  void append(std::span<const scheduler::Event> events) override;
  [[nodiscard]] scheduler::Sequence appended() const override;
  [[nodiscard]] scheduler::Sequence durable() const override;
  void flush() override;
  [[nodiscard]] std::optional<std::string> fault() const override;
  [[nodiscard]] bool is_superseded() const override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fugle::store
