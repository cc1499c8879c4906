// The Slurm job around this process, as its environment tells it (sbatch(1), srun(1), OUTPUT ENVIRONMENT VARIABLES).
// Nobody is asked. What may change while the job runs (its end, its nodes) is in job_record.hpp; what of this node is
// ours is in grant.hpp.
//
// Variables are handed on to places they do not fit: a job that is submitted from inside a step keeps SLURM_STEP_ID and
// PMIX_RANK of that step (seen with 22.05), and a shell of salloc those of the job it was typed in. So what we are is
// judged by the title of the daemon above us too ("slurmstepd: [7.batch]"), where it can be seen.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fugle::slurm {

/// The value of an environment variable, nothing when it is not set.
using Environment = std::function<std::optional<std::string>(const char* name)>;
[[nodiscard]] Environment process_environment();

/// What this process is in the job.
enum class Part : std::uint8_t {
  batch_script,  ///< the script itself, or a child of it; also a shell of salloc on the login node
  interactive,   ///< the shell that salloc starts on the first node (LaunchParameters=use_interactive_step), or one of
                 ///< `srun --pty` with one task
  rank,          ///< an MPI rank: started by srun with PMI, or by mpirun
  step,          ///< started by srun without PMI
};

struct Job {
  std::string id;                       ///< "1234": what scontrol and scancel take, of an array element its own id
  std::optional<std::string> array_id;  ///< "1230_4" of an array element
  std::uint32_t restart_count = 0;      ///< of the job: requeues so far
  Part part = Part::batch_script;
  std::vector<std::string> nodes;        ///< of the whole job; of all components of a heterogeneous one
  std::vector<std::uint32_t> cpus;       ///< [node] CPUs that the job has there; 0: not known
  std::uint32_t num_het_components = 1;  ///< heterogeneous job: > 1
  std::optional<std::string> step_id;    ///< of a rank or step: "0"
  std::uint32_t num_step_tasks = 1;      ///< of a rank or step: as many processes were started by srun with us
  std::string submit_dir;
  std::string cluster;                ///< empty: not known
  bool is_started_by_mpirun = false;  ///< this process; it may have used an srun of its own for that

  [[nodiscard]] bool is_started_by_srun() const { return step_id.has_value() && !is_started_by_mpirun; }
};

/// Nothing outside of a job. `daemon`: daemon_above_us(), empty where it can not be seen.
[[nodiscard]] std::optional<Job> job_around_us(const Environment& get, std::string_view daemon);
[[nodiscard]] std::optional<Job> job_around_us();

/// The title of the nearest process above us that is a slurmstepd: "slurmstepd: [7.batch]", "[7.interactive]", "[7.0]";
/// empty when there is none or the processes of others can not be seen (hidepid).
[[nodiscard]] std::string daemon_above_us();

/// "2(x3),1" (SLURM_JOB_CPUS_PER_NODE, SLURM_TASKS_PER_NODE) as 2, 2, 2, 1; empty when it is something else.
[[nodiscard]] std::vector<std::uint32_t> parse_counts(std::string_view text);

}  // namespace fugle::slurm
