#include "store/journal_follower.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/error.hpp"

namespace fugle::store {

using scheduler::Event;
using scheduler::Sequence;

std::optional<SegmentReader> JournalFollower::try_open(std::uint32_t number) const {
  if (!file_exists(segment_path(run_dir_, number))) return std::nullopt;
  return SegmentReader(open_segment(run_dir_, number));
}

/// A segment may begin with events that were already returned: the writer repeats what a failed sync left in doubt.
void JournalFollower::read_on(std::vector<Event>& events, Sequence end) {
  if (segment_->next_seq() <= returned_) {
    std::vector<Event> repeated;
    segment_->read_on(repeated, std::min(end, returned_ + 1));
  }
  if (segment_->next_seq() <= returned_) return;
  segment_->read_on(events, end);
  returned_ = segment_->next_seq() - 1;
}

std::vector<Event> JournalFollower::poll() {
  std::vector<Event> events;
  if (!segment_) segment_ = try_open(0);
  while (segment_) {
    const std::uint32_t number = segment_->info().number;
    // A new life replaces a segment that holds no event.
    if (!segment_->file().has_name()) segment_ = try_open(number);
    if (!segment_) break;
    // Asked before reading: when there is a successor, this segment is complete.
    auto next = try_open(number + 1);
    const Sequence end = next ? next->info().first_seq : std::numeric_limits<Sequence>::max();
    read_on(events, end);
    if (!next) break;
    if (segment_->next_seq() < end) {
      throw EnvironmentError(fmt::format(
          "the journal is damaged in '{}' (event {} is not valid, but later ones were "
          "acknowledged); restore this file from a copy, or keep what is whole with 'fugle resume --repair'",
          segment_->file().path(), segment_->next_seq()));
    }
    segment_ = std::move(next);
  }
  return events;
}

}  // namespace fugle::store
