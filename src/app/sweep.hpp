// The table of a sweep, of a run that was read back from its files: what `fugle report` shows and what is shown when a
// run with the key `report` ends.
#pragma once

#include <string>

#include "app/stored_run.hpp"
#include "report/sweep_table.hpp"

namespace fugle::app {

class OpenRun;

/// Throws EnvironmentError when metrics.h5 is damaged.
[[nodiscard]] report::SweepTable sweep_of(const StoredRun& run);

/// Of a run that is OK by its elements, and misses a reference: FAILED, and which; else its condition and nothing.
struct Verdict {
  report::RunCondition condition;
  std::string reason;
};
[[nodiscard]] Verdict verdict_on(const StoredRun& run);

/// What a command that showed the table ends with: 1 where a reference is missed, each named on standard error; 4 where
/// this allocation was too small for some rows; else 0.
[[nodiscard]] int judge_sweep(const report::SweepTable& table);

/// To be called when a life has ended: prints the table if the file asks for one, leaves it in report.csv and
/// report.h5, and returns the exit code: that of the run, or 1 where it was 0 and a reference is missed.
[[nodiscard]] int show_sweep_at_end(const OpenRun& run, int exit_code);

}  // namespace fugle::app
