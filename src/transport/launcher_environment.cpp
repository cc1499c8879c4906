// What an MPI launcher made of this process. Declared in mpi_transport.hpp, and apart from it as it needs no MPI.

#include <sched.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "transport/mpi_transport.hpp"

namespace fugle::transport {
namespace {

/// Each rank takes 4 MB. Asked for is twice that: a rank that looks when the others have taken theirs must not see less
/// than enough where they saw enough.
bool has_room_for_segments(std::uint64_t num_ranks) {
  struct statvfs status {};
  return ::statvfs("/dev/shm", &status) == 0 &&
         std::uint64_t{status.f_bavail} * status.f_frsize >= num_ranks * (std::uint64_t{8} << 20);
}

/// mpirun, or its daemon on another node.
bool is_launcher(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/comm");
  std::string name;
  std::getline(file, name);
  constexpr std::array kNames{"mpirun", "mpiexec", "orterun", "orted", "prte"};
  return std::any_of(kNames.begin(), kNames.end(), [&](const char* known) { return name.starts_with(known); });
}

}  // namespace

bool is_started_by_launcher() {
  // mpirun of Open MPI; srun --mpi=pmix; srun --mpi=pmi2 and the launchers of the MPICH family.
  constexpr std::array kRankVariables{"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"};
  return std::any_of(kRankVariables.begin(), kRankVariables.end(),
                     [](const char* name) { return std::getenv(name) != nullptr; });
}

void forget_launcher() {
  std::vector<std::string> names;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    if (text.starts_with("PMIX_") || text.starts_with("PMI_")) names.emplace_back(text.substr(0, text.find('=')));
  }
  for (const std::string& name : names) ::unsetenv(name.c_str());
}

void prefer_shared_memory() {
  const char* all = std::getenv("OMPI_COMM_WORLD_SIZE");
  const char* here = std::getenv("OMPI_COMM_WORLD_LOCAL_SIZE");
  const char* networks = std::getenv("OMPI_MCA_btl");
  const char* layer = std::getenv("OMPI_MCA_pml");
  const bool is_one_node = all != nullptr && here != nullptr && std::string_view(all) == here;
  const bool is_chosen = (networks != nullptr && std::string_view(networks) != kAllNetworks) ||
                         (layer != nullptr && std::string_view(layer) != "ob1");
  if (!is_one_node || is_chosen || !has_room_for_segments(std::strtoull(here, nullptr, 10))) return;
  ::setenv("OMPI_MCA_pml", "ob1", 1);
  ::setenv("OMPI_MCA_btl", "vader,self", 1);
}

int launcher_local_rank() {
  const char* rank = std::getenv("OMPI_COMM_WORLD_LOCAL_RANK");
  if (rank == nullptr) rank = std::getenv("SLURM_LOCALID");
  return rank == nullptr ? 0 : std::atoi(rank);
}

bool does_launcher_survive_lost_ranks() {
  const bool is_mpirun =
      std::getenv("OMPI_MCA_ess_base_jobid") != nullptr && std::getenv("OMPI_MCA_orte_hnp_uri") != nullptr;
  const char* recovery = std::getenv("OMPI_MCA_orte_enable_recovery");
  return !is_mpirun || (recovery != nullptr && std::string_view(recovery) != "0");
}

void undo_launcher_binding() {
  if (std::getenv("OMPI_MCA_orte_bound_at_launch") == nullptr) return;
  constexpr std::size_t kMostCpus = 16384;
  cpu_set_t* const wanted = CPU_ALLOC(kMostCpus);
  if (wanted == nullptr) return;
  const std::size_t size = CPU_ALLOC_SIZE(kMostCpus);
  CPU_ZERO_S(size, wanted);
  // What the launcher itself may use is what the job was given, also where no cgroup keeps us from the rest.
  const pid_t parent = ::getppid();
  if (!is_launcher(parent) || sched_getaffinity(parent, size, wanted) != 0)
    for (std::size_t cpu = 0; cpu < kMostCpus; ++cpu) CPU_SET_S(cpu, size, wanted);
  sched_setaffinity(0, size, wanted);  // the kernel leaves out what the cgroup forbids; refused, we stay where we are
  CPU_FREE(wanted);
}

}  // namespace fugle::transport
