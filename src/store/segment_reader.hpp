// Reads the events of one segment front to back with pread, also while another process appends to it. A row counts
// when it is the next in sequence, its text lies inside the text area, and its checksum is right; what ends the valid
// prefix is either not written yet, or torn, or damaged, and look_beyond() helps to tell which.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "store/segment.hpp"

namespace fugle::store {

class SegmentReader {
 public:
  explicit SegmentReader(Segment segment);

  /// Appends the valid events that follow those read so far and come before `end`.
  void read_on(std::vector<scheduler::Event>& events, scheduler::Sequence end);

  [[nodiscard]] const SegmentInfo& info() const { return segment_.info; }
  [[nodiscard]] const File& file() const { return segment_.file; }
  /// The sequence number of the next event, and the row behind the last one read.
  [[nodiscard]] scheduler::Sequence next_seq() const { return next_seq_; }
  [[nodiscard]] std::uint32_t next_row() const { return next_row_; }

  struct Beyond {
    std::uint32_t num_rows = 0;            ///< rows there that are not zero
    scheduler::Sequence acknowledged = 0;  ///< the largest sequence that valid rows there know to be durable
    [[nodiscard]] bool is_blank() const { return num_rows == 0; }
  };
  /// What lies behind the last row read.
  [[nodiscard]] Beyond look_beyond();

  struct Found {
    scheduler::Sequence seq = 0;
    scheduler::Sequence acknowledged = 0;  ///< known to be durable when it was written
    scheduler::Event event;
  };
  /// All whole rows, wherever they are: for a segment that is damaged. In the order of the file.
  [[nodiscard]] std::vector<Found> find_all();

 private:
  const Row& row(std::uint32_t index);
  void load(std::uint32_t index);
  [[nodiscard]] std::string_view text_of(const Row& row) const;
  [[nodiscard]] bool is_intact(const Row& row) const;
  bool skip_padding();

  Segment segment_;
  std::uint32_t next_row_ = 0;
  scheduler::Sequence next_seq_;
  // A window of rows and the bytes of the text area that they refer to.
  std::vector<Row> window_;
  std::uint32_t window_first_ = 0;
  std::string text_;
  std::uint64_t text_first_ = 0;
};

}  // namespace fugle::store
