// What `scontrol show job` says of jobs (scontrol(1)): their state, end, nodes. Text in, facts out; who runs the
// command decides when. Nothing here is the truth about tasks: that is waitpid and MPI.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"

namespace fugle::slurm {

struct JobRecord {
  std::string id;
  std::string state;          ///< "PENDING", "RUNNING", ...
  std::string reason;         ///< why it is pending
  std::optional<Time> end;    ///< when Slurm will end it, or did, or (PENDING) is expected to; nothing: unlimited or
                              ///< not known
  std::optional<Time> start;  ///< when it started, or is expected to
  std::vector<std::string> nodes;
  bool may_requeue = true;
  std::uint32_t restarts = 0;
  std::string comment;
};

/// The command whose output parse_job_records() reads; times are asked for in UTC seconds by SLURM_TIME_FORMAT=%s. Ids
/// are also those of arrays and heterogeneous jobs, which give a record for each of their jobs. Its exit code is not 0
/// when the last of the jobs is not known or the controller does not answer.
[[nodiscard]] std::vector<std::string> command_for_jobs(const std::vector<std::string>& ids);
/// What could not be read is left out: not knowing a job is not an error.
[[nodiscard]] std::vector<JobRecord> parse_job_records(std::string_view output);

}  // namespace fugle::slurm
