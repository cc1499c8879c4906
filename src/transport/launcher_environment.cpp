// Was this process started by an MPI launcher? Declared in mpi_transport.hpp, and apart from it as it needs no MPI.

#include <algorithm>
#include <array>
#include <cstdlib>

#include "transport/mpi_transport.hpp"

namespace fugle::transport {

bool is_started_by_launcher() {
  // mpirun of Open MPI; srun --mpi=pmix; srun --mpi=pmi2 and the launchers of the MPICH family.
  constexpr std::array kRankVariables{"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"};
  return std::any_of(kRankVariables.begin(), kRankVariables.end(),
                     [](const char* name) { return std::getenv(name) != nullptr; });
}

}  // namespace fugle::transport
