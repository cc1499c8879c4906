#include "app/launch_mpirun.hpp"

#include <unistd.h>

#include <cstdlib>

#include "app/front_end.hpp"
#include "base/error.hpp"
#include "transport/mpi_transport.hpp"

namespace fugle::app {

Launch mpirun_launch(std::uint32_t num_ranks) {
  const std::string mpirun = find_program("mpirun");
  if (mpirun.empty())
    throw EnvironmentError(
        "cannot start several ranks (mpirun of Open MPI is not in PATH); install the package openmpi-bin, or load your "
        "site's module (`module load openmpi`), or run with --local");
  Launch launch;
  launch.name = "mpirun";
  launch.command = mpirun_command(mpirun, num_ranks, has_fast_network());
  launch.environment = own_variables();
  launch.num_ranks = num_ranks;
  launch.has_ranks_as_children = true;
  if (::geteuid() == 0) {
    set_variable(launch.environment, "OMPI_ALLOW_RUN_AS_ROOT", "1");
    set_variable(launch.environment, "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1");
  }
  // Its daemons on the other nodes are started by an srun of its own, which would wait for CPUs that other steps have.
  if (std::getenv("SLURM_JOB_ID") != nullptr && std::getenv("OMPI_MCA_plm_slurm_args") == nullptr)
    set_variable(launch.environment, "OMPI_MCA_plm_slurm_args", "--overlap");
  return launch;
}

std::vector<std::string> mpirun_command(const std::string& mpirun, std::uint32_t num_ranks, bool has_fast_network) {
  std::vector<std::string> command{mpirun,
                                   "--enable-recovery",  // the death of a rank is an event, not the end
                                   "--bind-to",
                                   "none",  // we bind the tasks ourselves
                                   "--map-by",
                                   "node",
                                   "--oversubscribe",
                                   "--mca",
                                   "mpi_yield_when_idle",
                                   "1",
                                   "--mca",
                                   "odls_base_sigkill_timeout",
                                   "0"};
  if (!has_fast_network) {
    // Skips the search for networks that are not there: 0.2 s of the start.
    for (const char* word : {"--mca", "pml", "ob1", "--mca", "btl", transport::kAllNetworks})
      command.emplace_back(word);
  }
  for (const char* word : {"-x", kFrontEndVariable, "-n"}) command.emplace_back(word);
  command.push_back(std::to_string(num_ranks));
  return command;
}

}  // namespace fugle::app
