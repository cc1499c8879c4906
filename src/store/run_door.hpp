// run.h5: the one door for h5py and h5dump. Written once per run: a virtual dataset of the events of all segments and
// links to plan, live and snapshot. And snapshot.h5: one row per element in columns, at the end and on request.
#pragma once

#include <string>
#include <vector>

#include "scheduler/event.hpp"
#include "scheduler/run_state.hpp"

namespace fugle::store {

void write_run_door(const std::string& run_dir, std::uint32_t segment_capacity);

/// `events` are all events of the run (read_journal); replaced by rename.
void write_snapshot(const std::string& run_dir, const scheduler::RunState& run,
                    const std::vector<scheduler::Event>& events);

}  // namespace fugle::store
