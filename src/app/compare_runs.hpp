// Attempts of one run or of several side by side, read from the files of the runs: `fugle history --compare`.
#pragma once

#include <string>
#include <vector>

#include "report/compare.hpp"

namespace fugle::app {

/// One row per element that has values, of its last attempt that has; a value is the median of a series. Besides the
/// metrics of the files there are `walltime` and `cputime` in seconds and `maxrss` in MiB, where no metric has that
/// name. A run that can not be read is named on standard error. Throws UsageError when no run knows a name.
[[nodiscard]] report::Comparison compare_runs(const std::vector<std::string>& run_dirs,
                                              const std::vector<std::string>& metrics);

}  // namespace fugle::app
