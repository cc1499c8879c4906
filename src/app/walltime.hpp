// When the allocation ends, and how much of it is kept: --walltime and --reserve, else what Slurm says.
#pragma once

#include <optional>

#include "app/arguments.hpp"
#include "base/time.hpp"

namespace fugle::app {

struct AllocationEnd {
  Time end = kNever;
  Duration reserve{0};
};

void add_walltime_options(boost::program_options::options_description& options);
/// End: `now` and --walltime, else SLURM_JOB_END_TIME, else never. Reserve: --reserve, else that of the file, else 120s
/// inside Slurm and 0 elsewhere. Throws UsageError, also for a reserve that is not below --walltime.
[[nodiscard]] AllocationEnd allocation_end_from(const Arguments& arguments, std::optional<Duration> file_reserve,
                                                Time now);

}  // namespace fugle::app
