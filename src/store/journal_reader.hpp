// What earlier lives of a run left in its journal: all valid events in order, or a report of what is damaged. Only
// reads, so it serves `resume` (under the RunLock) as well as `status` and `report` of a run that goes on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "scheduler/event.hpp"
#include "store/disk.hpp"

namespace fugle::store {

struct Recovered {
  std::vector<scheduler::Event> events;
  std::uint32_t num_segments = 0;
  std::string run;             ///< uuid of the journal
  std::uint64_t epoch = 0;     ///< of the last segment
  std::uint32_t capacity = 0;  ///< rows per segment
  bool torn = false;           ///< rows of an unacknowledged batch were dropped
  std::uint32_t tail_row = 0;  ///< of the last segment: what lies from here on is not part of the journal
};

/// Nothing is changed on disk; no segments give an empty answer. Throws EnvironmentError naming the segment when
/// acknowledged data is damaged or a segment is missing; ConflictError for a newer format.
[[nodiscard]] Recovered read_journal(const std::string& run_dir, Disk& disk = real_disk());

}  // namespace fugle::store
