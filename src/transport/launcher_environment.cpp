// What an MPI launcher made of this process. Declared in mpi_transport.hpp, and apart from it as it needs no MPI.

#include <sched.h>

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

void undo_launcher_binding() {
  if (std::getenv("OMPI_MCA_orte_bound_at_launch") == nullptr) return;
  constexpr std::size_t kMostCpus = 16384;
  cpu_set_t* const all = CPU_ALLOC(kMostCpus);
  if (all == nullptr) return;
  const std::size_t size = CPU_ALLOC_SIZE(kMostCpus);
  CPU_ZERO_S(size, all);
  for (std::size_t cpu = 0; cpu < kMostCpus; ++cpu) CPU_SET_S(cpu, size, all);
  sched_setaffinity(0, size, all);  // the kernel leaves out what the cgroup forbids; refused, we stay where we are
  CPU_FREE(all);
}

}  // namespace fugle::transport
