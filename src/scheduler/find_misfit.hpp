// Whether an event from a journal can be applied. In a run every event fits, and apply() aborts on one that does not: a
// bug of ours. A journal can be of another plan (a file was restored from the wrong copy), repaired, or made to do harm;
// who replays one asks here first.
#pragma once

#include <string>

#include "scheduler/event.hpp"
#include "scheduler/run_state.hpp"

namespace fugle::scheduler {

/// Why the event does not fit the state, in a few words for the user; empty: it does, and apply() will take it. O(1).
[[nodiscard]] std::string find_misfit(const RunState& run, const Event& event);

}  // namespace fugle::scheduler
