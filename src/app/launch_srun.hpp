// Ranks by srun with PMIx: the launcher of a Slurm job. One step, and no other: what Slurm has set for steps of its own
// (number of tasks, memory, distribution, ...) is said explicitly here, and what this process inherited of it is
// dropped, as each of these variables is an option of the inner srun (srun(1), INPUT ENVIRONMENT VARIABLES).
//
// Slurm's PMIx plugin (22.05 to 25.05 at least) lets ranks leave the barrier of MPI_Init too early, or wait in it for
// ever, when a step does not cover the first nodes of its job or the tree of daemons is wider than the step: it takes
// indices of the job for indices of the step. Where both node lists are those of the step, and fences use the ring,
// neither can happen; so they are set for srun. Steps that do not start in time all the same are ended and tried again.
#pragma once

#include <string>
#include <vector>

#include "app/launch.hpp"
#include "slurm/job.hpp"

namespace fugle::app {

struct SrunWish {
  slurm::Job job;
  std::vector<std::string> nodes;  ///< of the job, that still live
  std::uint32_t num_ranks = 1;
  bool reads_stdin = false;  ///< rank 0 on another host wants the user's
  bool has_binding = true;   ///< the cluster binds tasks to CPUs; where it does not, srun complains of being told not to
  std::string step_name;
};

/// srun's words, without the program of the ranks.
[[nodiscard]] std::vector<std::string> srun_command(const std::string& srun, const SrunWish& wish);
/// What srun and the ranks are to see of `environment`.
[[nodiscard]] std::vector<std::string> srun_environment(std::vector<std::string> environment, const SrunWish& wish,
                                                        bool has_fast_network);
/// Throws EnvironmentError when there is no srun.
[[nodiscard]] Launch srun_launch(const slurm::Job& job, const std::vector<std::string>& nodes, std::uint32_t num_ranks,
                                 bool reads_stdin);

/// The nodes that Slurm counts to the job now; those it had at its start when Slurm does not answer within 20 s.
[[nodiscard]] std::vector<std::string> living_nodes(const slurm::Job& job);

}  // namespace fugle::app
