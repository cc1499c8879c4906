// run.h5: the one door for h5py and h5dump. A virtual dataset of the events of all segments, those to come included,
// links to plan, live and snapshot, and the names of the numbers in them. Written once per run, and again when it was
// damaged.
#pragma once

#include <cstdint>
#include <string>

#include "store/disk.hpp"

namespace fugle::store {

/// `segment_capacity` in rows: JournalOptions::capacity of the first life. Throws EnvironmentError.
void write_run_door(const std::string& run_dir, std::uint32_t segment_capacity, Disk& disk = real_disk());

/// It can be read and names all that this version names.
[[nodiscard]] bool is_run_door_sound(const std::string& run_dir);
/// For each life: makes it anew when it is missing, damaged, or of an earlier version.
void ensure_run_door(const std::string& run_dir, std::uint32_t segment_capacity);

}  // namespace fugle::store
