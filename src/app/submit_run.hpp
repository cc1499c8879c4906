// A run that waits for Slurm: made at once and whole, so that every verb can look at it, without a life; then given one
// or several jobs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/batch_script.hpp"
#include "app/run_directory.hpp"
#include "graph/graph.hpp"

namespace fugle::app {

/// Directory, plan and run.json, as of a run of which nothing has begun; returns the directory. Throws
/// EnvironmentError, and then leaves nothing behind.
[[nodiscard]] std::string make_waiting_run(const std::string& runs_dir, const RunFacts& facts,
                                           const graph::Graph& graph, const KeptWorkflow& kept);

/// What is asked of Slurm for a run.
struct JobRequest {
  BatchScript script;
  std::vector<std::string> once;  ///< options of this submission alone
  std::uint32_t num_jobs = 1;
};
/// "sbatch --hold /home/u/.fugle/w-.../job.sh"
[[nodiscard]] std::string sbatch_line(const JobRequest& request);
/// Writes job.sh, submits it and notes the jobs in jobs.jsonl; returns their ids. Throws EnvironmentError when sbatch
/// refuses the first of them; that it refuses a later one is said on standard error.
[[nodiscard]] std::vector<std::string> submit_jobs(const JobRequest& request, Time now);

/// Absolute path of the running program. Throws EnvironmentError.
[[nodiscard]] std::string path_of_program();

}  // namespace fugle::app
