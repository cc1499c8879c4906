// jobs.jsonl of a run directory: the Slurm jobs that this run was given, one line each, appended before or right after
// the job exists. It is how `status`, `cancel`, `why` and `logs` find the job of a run and the run of a job. Says what
// was asked for and what began, not what Slurm thinks of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"

namespace fugle::app {

struct RunJob {
  enum class Kind : std::uint8_t {
    submitted,  ///< asked for by fugle submit
    started,    ///< a life of the run began in it, whoever made the job
    requeued,   ///< the same job id again, asked for by us
    chained,    ///< the next job, asked for by the one before
    campaign,   ///< asked for as one of several that were submitted together
    cancelled,  ///< taken back by fugle cancel while it waited
  };
  std::string job;      ///< "1234"
  std::string cluster;  ///< empty: not known
  Kind kind = Kind::submitted;
  Time at{};
  std::string after;  ///< job that it follows; empty: none
};
[[nodiscard]] const char* name_of(RunJob::Kind kind);

/// One write at the end of the file, synced: lines of several writers do not mix. Throws EnvironmentError.
void append_job(const std::string& run_dir, const RunJob& job);
/// As they stand in the file; lines that are no jobs are left out. Empty for a run that never was in Slurm.
[[nodiscard]] std::vector<RunJob> read_jobs(const std::string& run_dir);

/// Jobs that were asked for and in which no life has begun since, each once, in the order they were asked for. Slurm
/// may know better: they may have been cancelled there.
[[nodiscard]] std::vector<std::string> waiting_jobs(const std::vector<RunJob>& jobs);
/// The job in which a life that began then was started: the `started` nearest to it, within a minute; empty: none.
[[nodiscard]] std::string job_of_life(const std::vector<RunJob>& jobs, Time life_started);
/// The ids of all jobs, each once, in the order of the file.
[[nodiscard]] std::vector<std::string> ids_of(const std::vector<RunJob>& jobs);

/// "1234", or "1230_4" of an array.
[[nodiscard]] bool looks_like_job_id(const std::string& word);
/// The newest run in runs_dir that was given this job.
[[nodiscard]] std::optional<std::string> find_run_of_job(const std::string& runs_dir, const std::string& job);

}  // namespace fugle::app
