// A job of Slurm's that a command submits and waits for: sbatch, run so that nothing of the job and the attempt around
// us reaches the new job. Knows nothing of waiting.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/job_news.hpp"

namespace fugle::app {

/// Whether the variable belongs to the job, the step or the attempt around us: what sbatch would take for an option, or
/// the new job for its own. The configuration of Slurm and the user's own SBATCH_* stay.
[[nodiscard]] bool is_of_surroundings(const std::string& variable);
/// Takes them out of the environment of this process.
void leave_surroundings();

/// The last line of `output` that is a name as of --parsable.
[[nodiscard]] std::optional<JobName> parse_job_name(const std::string& output);

struct Submission {
  int exit_code = 0;  ///< of sbatch; 127: there is none
  std::string output;
};
/// `sbatch --parsable OPTIONS`, with our stdin (a script may come that way) and stderr. In a process group of its own,
/// so that a signal to ours does not end it between the job's making and its name. Throws EnvironmentError.
[[nodiscard]] Submission run_sbatch(const std::vector<std::string>& options);

}  // namespace fugle::app
