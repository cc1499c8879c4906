// When the allocation ends, and how much of it is kept: --walltime and --reserve, else what Slurm says.
#pragma once

#include <optional>
#include <string>

#include "app/arguments.hpp"
#include "base/time.hpp"

namespace fugle::app {

struct AllocationEnd {
  Time end = kNever;
  Duration reserve{0};
};

void add_walltime_options(boost::program_options::options_description& options);
/// End: `now` and --walltime, else SLURM_JOB_END_TIME (since Slurm 23.02; rank 0 asks Slurm besides), else never.
/// Reserve:
/// --reserve, else that of the file, else 120s inside a Slurm job and 0 elsewhere: a task of another run is not inside.
/// Throws UsageError, also for a reserve that is not below --walltime.
[[nodiscard]] AllocationEnd allocation_end_from(const Arguments& arguments, std::optional<Duration> file_reserve,
                                                Time now);
/// What to tell before a life in which nothing can start.
[[nodiscard]] std::optional<std::string> warning_of_short_time(const AllocationEnd& allocation, Time now);

}  // namespace fugle::app
