// jobs.jsonl of a run directory: the Slurm jobs that this run was given, one line each, appended before or right after
// the job exists. It is how `status`, `cancel`, `why` and `logs` find the job of a run and the run of a job.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"

namespace fugle::app {

struct RunJob {
  enum class Kind : std::uint8_t {
    submitted,  ///< by fugle submit
    started,    ///< by fugle run or resume inside a job that was not made by us
    requeued,   ///< the same job id again, asked for by us
    chained,    ///< the next job, asked for by the one before
    campaign,   ///< one of several that were submitted together
  };
  std::string job;      ///< "1234"
  std::string cluster;  ///< empty: not known
  Kind kind = Kind::submitted;
  Time at{};
  std::string after;  ///< job that it follows; empty: none
};

void append_job(const std::string& run_dir, const RunJob& job);
/// Oldest first; lines that are no jobs are left out. Empty for a run that never was in Slurm.
[[nodiscard]] std::vector<RunJob> read_jobs(const std::string& run_dir);
/// The newest run in runs_dir that was given this job.
[[nodiscard]] std::optional<std::string> find_run_of_job(const std::string& runs_dir, const std::string& job);

}  // namespace fugle::app
