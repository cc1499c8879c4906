// snapshot.h5: one row per element in compressed columns, at the end of a run and on request, for analysis.
#pragma once

#include <string>
#include <vector>

#include "scheduler/event.hpp"
#include "scheduler/run_state.hpp"
#include "store/disk.hpp"

namespace fugle::store {

/// `events` are all events of the run (read_journal); replaced by rename. Throws EnvironmentError.
void write_snapshot(const std::string& run_dir, const scheduler::RunState& run,
                    const std::vector<scheduler::Event>& events, Disk& disk = real_disk());

/// Reads all of it. Throws EnvironmentError when something is damaged, ConflictError for a newer format.
void check_snapshot(const std::string& run_dir);

}  // namespace fugle::store
