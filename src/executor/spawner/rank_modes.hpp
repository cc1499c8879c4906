// The spawner's program as a helper of MPI attempts. Each is a short way to the exec of somebody else's program, and
// runs below mpirun, srun or a shell, not below the loop of the spawner.
#pragma once

#include <string>
#include <vector>

namespace fugle::spawner {

/// `--launch [--srun | --choose A B] [NAME=VALUE...] -- WORDS`: becomes the launcher, whose words they are.
///  - What a script was given for launchers of its own (FUGLE_LAUNCHER_HINTS names it) is taken out of the environment.
///  - `--srun`: WORDS call srun. What Slurm set for the job's own use would be options for it and is taken out, the
///    variables are set instead. `--mpi=pmix` among them becomes what `srun --mpi=list` knows.
///  - `--choose A B`: the first A words call srun, the next B words mpirun, the rest follows either: srun, unless it
///  says
///    that it has no PMIx.
inline constexpr const char* kLaunch = "--launch";

/// `--bind-rank [--mark FILE] [--threads N] SHARE... -- PROGRAM...`: the first program of each rank. Finds its node
/// among the shares (rank_share.hpp; a single one is everybody's) and its number on the node in what the launcher says,
/// binds itself, sets FUGLE_CPUS, the GPUs' variables, and OMP_NUM_THREADS to N unless it is set, and becomes PROGRAM.
/// FILE is made by the ranks of the first node: that they were started at all.
inline constexpr const char* kBindRank = "--bind-rank";

/// `--agent SOCKET [OPTION...] HOST COMMAND...`, as ssh is called: has COMMAND run by the attempt's process on HOST.
/// SOCKET is an abstract one, of the executor that leads the attempt. Ends with its exit code.
inline constexpr const char* kAgent = "--agent";

// Return only when they fail: the exit code.
[[nodiscard]] int launch(std::vector<std::string> words);
[[nodiscard]] int bind_rank(std::vector<std::string> words);
[[nodiscard]] int ask_agent(const std::vector<std::string>& words);

/// execvp(3), with a message on stderr and 127 or 126 as a shell has them.
[[nodiscard]] int become(std::vector<std::string> words);

/// "--mpi=" for srun by what `srun --mpi=list` printed: pmix, else pmi2 ("--mpi=pmi2"), else nothing; pmix too where
/// that is no list at all.
[[nodiscard]] std::string mpi_option(const std::string& list);

}  // namespace fugle::spawner
