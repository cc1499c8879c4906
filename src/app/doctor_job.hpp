// What `fugle doctor` says of the Slurm job around it: what was granted, when it ends, how ranks would be started.
// Facts in, checks out; ask_slurm() gets them, each command with a time limit.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/machine_view.hpp"
#include "base/time.hpp"
#include "slurm/grant.hpp"
#include "slurm/job.hpp"
#include "slurm/job_record.hpp"

namespace fugle::app {

struct JobFacts {
  slurm::Job job;
  std::optional<slurm::JobRecord> record;  ///< nothing: Slurm did not answer
  std::optional<slurm::Grant> grant;       ///< nothing: this node is not of the job
  std::vector<std::string> mpi_plugins;    ///< of srun; empty: there is no srun
  std::uint32_t tree_width = 0;            ///< of slurm.conf; 0: not known
  std::string features;                    ///< of this node: "gpu,ib"
};

[[nodiscard]] JobFacts ask_slurm(const slurm::Job& job);
[[nodiscard]] std::vector<Check> checks_of_job(const JobFacts& facts, Time now);

/// The value of "TreeWidth = 50" or "ActiveFeatures=a,b" in what scontrol says; empty: not there, or (null).
[[nodiscard]] std::string value_in(std::string_view output, std::string_view key);

}  // namespace fugle::app
