#include "store/journal_reader.hpp"

#include <fmt/format.h>

#include <limits>
#include <optional>

#include "base/error.hpp"
#include "store/repair_folders.hpp"
#include "store/segment_reader.hpp"

namespace fugle::store {
namespace {

constexpr auto kNoEnd = std::numeric_limits<scheduler::Sequence>::max();

[[noreturn]] void throw_damaged(const SegmentReader& segment, const std::string& why) {
  throw EnvironmentError(fmt::format(
      "the journal is damaged in '{}' at row {} (event {} is not valid, {}); restore this file from a copy, "
      "or keep what is whole with 'fugle resume --repair'",
      segment.file().path(), segment.next_row(), segment.next_seq(), why));
}

void check_no_repair(const std::string& run_dir) {
  if (!is_repair_unfinished(run_dir)) return;
  throw EnvironmentError(fmt::format(
      "the journal in '{}' is being repaired (or that was interrupted); continue with 'fugle resume --repair'",
      run_dir));
}

void check_no_hole(const std::string& run_dir, const std::vector<std::uint32_t>& numbers) {
  for (std::uint32_t k = 0; k < numbers.size(); ++k) {
    if (numbers[k] == k) continue;
    throw EnvironmentError(
        fmt::format("'{}' is missing (later segments of the journal exist); restore it from a copy, "
                    "or keep what is whole with 'fugle resume --repair'",
                    segment_path(run_dir, k)));
  }
}

void check_continues(const SegmentReader& next, const Recovered& so_far) {
  const SegmentInfo& info = next.info();
  if (info.run != so_far.run || info.capacity != so_far.capacity) {
    throw EnvironmentError(
        fmt::format("'{}' does not belong to this run (its run is {}, not {}); restore the file that "
                    "was there, or keep what is whole with 'fugle resume --repair'",
                    next.file().path(), info.run, so_far.run));
  }
}

/// Reads all of a segment that has a successor.
void read_inner(SegmentReader& segment, scheduler::Sequence end, Recovered& recovered) {
  segment.read_on(recovered.events, end);
  if (segment.next_seq() != end) {
    throw_damaged(segment, fmt::format("but events up to {} were acknowledged", end - 1));
  }
}

void read_last(SegmentReader& segment, Recovered& recovered) {
  SegmentReader::Beyond beyond;
  do {
    const auto before = segment.next_seq();
    segment.read_on(recovered.events, kNoEnd);
    beyond = segment.look_beyond();
    // Someone who writes meanwhile also leaves later rows that were not there a moment ago: then there is more to read.
    if (beyond.acknowledged >= segment.next_seq() && segment.next_seq() == before) {
      throw_damaged(segment, fmt::format("but events up to {} were acknowledged", beyond.acknowledged));
    }
  } while (beyond.acknowledged >= segment.next_seq());
  recovered.torn = !beyond.is_blank();
  recovered.tail_row = segment.next_row();
  recovered.epoch = segment.info().epoch;
}

}  // namespace

Recovered read_journal(const std::string& run_dir, Disk& disk) {
  check_no_repair(run_dir);
  const auto numbers = list_segments(run_dir);
  check_no_hole(run_dir, numbers);
  Recovered recovered;
  recovered.num_segments = static_cast<std::uint32_t>(numbers.size());
  std::optional<SegmentReader> previous;
  for (const std::uint32_t number : numbers) {
    SegmentReader segment(open_segment(run_dir, number, disk));
    if (previous) {
      check_continues(segment, recovered);
      read_inner(*previous, segment.info().first_seq, recovered);
    } else {
      recovered.run = segment.info().run;
      recovered.capacity = segment.info().capacity;
    }
    previous.emplace(std::move(segment));
  }
  if (previous) read_last(*previous, recovered);
  return recovered;
}

}  // namespace fugle::store
