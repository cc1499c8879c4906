// Which of Slurm's variables tell a process of the job it is in; all else that Slurm sets is, or may become, an option
// of srun. Header only and needs nothing else of ours: the spawner includes it too.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace fugle::executor {

/// `entry`: "NAME=VALUE".
[[nodiscard]] inline bool tells_of_job(std::string_view entry) {
  constexpr std::array kPrefixes = std::to_array<std::string_view>({
      "SLURM_JOB_",
      "SLURM_JOBID=",
      "SLURM_ARRAY_",
      "SLURM_HET_",
      "SLURM_SPANK_",
      "SLURM_SUBMIT_",
      "SLURM_CONF",
      "SLURM_CLUSTER_NAME=",
      "SLURM_RESTART_COUNT=",
      "SLURM_TMPDIR=",
      "SLURM_PMIX_",
      "SLURMD_",
  });
  return std::ranges::any_of(kPrefixes, [entry](std::string_view prefix) { return entry.starts_with(prefix); });
}

}  // namespace fugle::executor
