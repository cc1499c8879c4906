// run.h5: the one door for h5py and h5dump. A virtual dataset of the events of all segments, those to come included,
// links to plan, live and snapshot, and the names of the numbers in them. Written once per run.
#pragma once

#include <cstdint>
#include <string>

#include "store/disk.hpp"

namespace fugle::store {

/// `segment_capacity` in rows: JournalOptions::capacity of the first life. Throws EnvironmentError.
void write_run_door(const std::string& run_dir, std::uint32_t segment_capacity, Disk& disk = real_disk());

}  // namespace fugle::store
