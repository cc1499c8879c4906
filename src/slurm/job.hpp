// The Slurm job around this process, as its environment tells it (sbatch(1), srun(1), OUTPUT ENVIRONMENT VARIABLES).
// Reads variables only: nobody is asked. What may change while the job runs (its end, its nodes) is in job_record.hpp.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace fugle::slurm {

/// The value of an environment variable, nothing when it is not set.
using Environment = std::function<std::optional<std::string>(const char* name)>;
[[nodiscard]] Environment process_environment();

/// What this process is in the job.
enum class Part : std::uint8_t {
  batch_script,  ///< the script itself, or a child of it; also a shell of salloc on the login node
  interactive,   ///< the shell that salloc starts on the first node (LaunchParameters=use_interactive_step)
  rank,          ///< started by srun with PMI: an MPI rank
  step,          ///< started by srun without PMI
};

struct Job {
  std::string id;                       ///< "1234": what scontrol and scancel take, of an array element its own id
  std::optional<std::string> array_id;  ///< "1230_4" of an array element
  std::uint32_t restart_count = 0;      ///< of the job: requeues so far
  Part part = Part::batch_script;
  std::vector<std::string> nodes;        ///< of the whole job; of all components of a heterogeneous one
  std::vector<std::uint32_t> cpus;       ///< [node] CPUs that the job has there
  std::uint32_t num_het_components = 1;  ///< heterogeneous job: > 1
  std::optional<std::string> step_id;    ///< of a rank or step
  std::string submit_dir;
};

/// Nothing outside of a job.
[[nodiscard]] std::optional<Job> job_around_us(const Environment& get = process_environment());

}  // namespace fugle::slurm
