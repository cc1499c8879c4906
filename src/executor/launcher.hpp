// The words that start a program on every rank of an MPI attempt: those of srun, mpirun or the user's own launcher,
// around two modes of the spawner's program (spawner/rank_modes.hpp) that clean the environment before the launcher and
// bind each rank after it. Pure but for find_launchers(). Knows nothing of how attempts are run.
//
// In a Slurm job steps are made (`srun --overlap --exact`, all said explicitly, since what is not said is taken from
// the job). `--overlap`, because Slurm does not know which of the job's CPUs other attempts have leased: who has which
// cores is decided by the lease, and kept by the binding. Elsewhere mpirun is called; it may start ranks on the nodes
// of the attempt only and binds nothing by itself. Its daemons on other nodes are started by an agent of ours, not by
// ssh: the worker there starts them within the place it has given.
//
// The environment holds no OMPI_*, PMIX_* or PMI_* variable of ours when a launcher starts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "executor/rank_share.hpp"
#include "scheduler/attempt.hpp"
#include "topology/topology.hpp"

namespace fugle::executor {

/// What a worker can start ranks with.
struct Launchers {
  enum class Mpirun : std::uint8_t { none, open_mpi, hydra };

  std::string own_program{};  ///< the spawner's, whose modes are used; on all nodes at the same path
  std::string srun{};         ///< path; empty: there is none, or this is no Slurm job
  std::string job_id{};       ///< of Slurm
  std::string mpirun{};       ///< path; empty: none
  Mpirun kind = Mpirun::none;
  bool is_root = false;
  bool has_fast_network = false;  ///< Open MPI is to look for one
};

/// What is in the PATH of `environment`; `job_id`: of the Slurm job this worker is in, empty for none.
[[nodiscard]] Launchers find_launchers(const std::vector<std::string>& environment, std::string own_program,
                                       std::string job_id);

/// One attempt, as its launcher sees it.
struct RankOrder {
  std::string name;               ///< of the step
  std::vector<RankShare> shares;  ///< of its nodes, the leader's first
  std::uint32_t ranks = 0;
  std::uint32_t cores_per_rank = 1;
  std::uint64_t mem_bytes = 0;      ///< per node, to be kept; 0: no limit
  std::uint32_t gpus_per_node = 0;  ///< that the node has for us, of which the attempt has leased some; 0: it has none
  std::string mark;                 ///< file that tells that a rank has started
  std::string agent;                ///< name of the socket for daemons on other nodes
  std::string workdir;
  std::vector<std::string> srun_options{};  ///< of Pyxis; then the ranks are bound by srun
  bool user_chose_network = false;          ///< OMPI_MCA_pml or OMPI_MCA_btl is the user's
};

/// How its ranks come to be. `program_is_ours`: by a launcher whose failure to start any is not the task's.
struct LaunchWords {
  std::vector<std::string> words;  ///< before the program; none: it is started as it is
  bool by_srun = false;            ///< perhaps: its ranks are not our descendants then
  bool is_known = false;           ///< srun or mpirun
  std::string problem;             ///< for people: why it can not be; else empty
};

/// `launcher`: auto, srun, mpirun, none, or a template with {ranks} {nodes} {hostlist} {cores}.
[[nodiscard]] LaunchWords launch_words(const std::string& launcher, const Launchers& launchers, const RankOrder& order);

/// Of each node of the attempt: its ranks with their CPUs, and with the GPUs nearest to these. `gpus` and `pus` are
/// those of this worker; nodes of one attempt are taken to be alike.
[[nodiscard]] std::vector<RankShare> rank_shares(const scheduler::Launch& launch, const std::string& host,
                                                 const std::vector<topology::Device>& gpus,
                                                 const std::vector<topology::Pu>& pus,
                                                 const std::vector<std::string>& shared_environment);

/// Lines "host slots=n", the leader's first: n ranks, or cores where it has no ranks.
[[nodiscard]] std::string host_file_text(const scheduler::Launch& launch, const std::string& host);

}  // namespace fugle::executor
