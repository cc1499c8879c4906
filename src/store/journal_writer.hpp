// Makes events durable, a batch at a time, in segments of its own life: never in a file that another life wrote, which
// is what makes a forgotten old writer harmless. Used by one thread; knows nothing of threads, intervals or queues.
//
// A failed sync is final for its file, because the kernel has forgotten the dirty pages: what was not acknowledged is
// written again into a new segment. A writer that finds a newer segment, or its own file replaced, has been superseded
// and acknowledges nothing more.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/journal_reader.hpp"
#include "store/segment.hpp"

namespace fugle::store {

/// Events waiting for their commit: rows without places, their texts one after another.
struct RowBatch {
  std::vector<Row> rows;
  std::string texts;
  [[nodiscard]] bool empty() const { return rows.empty(); }
  void clear() { rows.clear(), texts.clear(); }
};

class JournalWriter {
 public:
  /// Zeros and syncs what lies behind the recovered events, then starts a segment with the next epoch.
  /// `capacity` in rows counts for the first life only; `commit_align` is 0 or 4096 bytes.
  JournalWriter(std::string run_dir, const Recovered& recovered, std::uint32_t capacity, std::uint32_t commit_align,
                Disk& disk = real_disk());

  /// Writes the rows and syncs. When it throws, durable() says how far it came, and it must not be called again.
  /// Throws EnvironmentError (disk full, failing twice), ConflictError (superseded).
  void commit(RowBatch& batch);
  /// Starts the next segment while the present one still has room, so that a commit need not wait for it and a full
  /// disk shows early. Does nothing when there is no need or no space. Throws ConflictError.
  void make_room();

  [[nodiscard]] scheduler::Sequence durable() const { return durable_; }
  /// The longest text that fits a segment, in bytes.
  [[nodiscard]] std::uint32_t max_text() const;

 private:
  void seal_tail(std::uint32_t number, std::uint32_t first_row);
  void start_segment(std::uint32_t number, IfExists if_exists);
  void start_next_segment();
  [[nodiscard]] std::size_t num_fitting(std::span<const Row> rows) const;
  void commit_piece(std::span<Row> rows, std::string_view texts);
  void write_piece(std::span<Row> rows, std::string_view texts);
  [[nodiscard]] std::uint64_t row_start() const;
  [[nodiscard]] std::uint64_t text_start() const;
  [[nodiscard]] bool is_superseded() const;
  [[noreturn]] void throw_superseded() const;

  Disk& disk_;
  std::string run_dir_;
  SegmentInfo life_;  ///< what all segments of this life have in common
  scheduler::Sequence durable_ = 0;
  std::optional<Segment> segment_;
  std::uint64_t next_row_ = 0;
  std::uint64_t next_text_ = 0;  ///< bytes
};

}  // namespace fugle::store
