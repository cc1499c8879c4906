// One segment of the journal, journal.<k>.h5: an ordinary HDF5 file that is complete, closed and synced before its
// first row is written. From then on the library is out of the way: rows and texts go into the byte ranges of two
// preallocated datasets, so the metadata of the file never changes and no kill can leave it half-written.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "scheduler/event.hpp"
#include "store/file.hpp"
#include "store/row.hpp"

namespace fugle::store {

inline constexpr std::uint64_t kJournalFormat = 1;
inline constexpr std::uint32_t kRowsPerPage = 4096 / sizeof(Row);
inline constexpr std::uint32_t kTextBytesPerRow = 16;
/// Fewer rows would not fill the pages that keep the text area apart.
inline constexpr std::uint32_t kMinCapacity = 4096 / kTextBytesPerRow;

/// What a reader believes; far more than is ever asked for.
inline constexpr std::uint32_t kMaxCapacity = 1u << 24;
inline constexpr std::uint64_t kMaxTextCapacity = std::uint64_t{kMaxCapacity} * kTextBytesPerRow;

struct SegmentInfo {
  std::uint32_t number = 0;
  std::string run;                    ///< uuid of the journal
  scheduler::Sequence first_seq = 1;  ///< of its first row
  std::uint32_t capacity = 0;         ///< rows
  std::uint64_t text_capacity = 0;    ///< bytes
  std::uint64_t epoch = 0;            ///< number of the life that wrote it
  std::uint32_t commit_align = 0;     ///< bytes, 0 or 4096
  std::uint64_t rows_offset = 0;      ///< bytes from the start of the file
  std::uint64_t text_offset = 0;
};

struct Segment {
  SegmentInfo info;
  File file;
};

[[nodiscard]] std::string segment_path(const std::string& run_dir, std::uint32_t number);
/// Numbers of the segments in the directory, ascending.
[[nodiscard]] std::vector<std::uint32_t> list_segments(const std::string& run_dir);

/// For reading. EnvironmentError: not readable as a segment; ConflictError: written by a newer format.
[[nodiscard]] Segment open_segment(const std::string& run_dir, std::uint32_t number, Disk& disk = real_disk());

/// Of a segment whose metadata can not be read (HDF5 will not open it): where its rows and texts must be, from the size
/// it has or says it had. `number` is all that is known besides. Throws EnvironmentError when the file can not be
/// opened or is no segment by any reading.
[[nodiscard]] Segment open_damaged_segment(const std::string& run_dir, std::uint32_t number, Disk& disk = real_disk());

/// The segment exists already: another head continues this run.
struct SegmentExists {};
enum class IfExists : std::uint8_t { refuse, replace };
/// Durable when it returns; open for writing. `wanted` without the offsets. Throws SegmentExists, EnvironmentError.
[[nodiscard]] Segment create_segment(const std::string& run_dir, SegmentInfo wanted, IfExists if_exists,
                                     Disk& disk = real_disk());

}  // namespace fugle::store
