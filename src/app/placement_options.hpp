// Where a run runs: -n ranks, --local, -j cores, --launcher; in a Slurm job, one rank on each of its nodes. Shared by
// `run` and `resume`.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "app/arguments.hpp"
#include "app/rank_loop.hpp"
#include "app/run_directory.hpp"
#include "app/surroundings.hpp"

namespace fugle::app {

/// What the command line says of it.
struct WantedPlacement {
  std::optional<std::uint32_t> ranks;
  bool is_local = false;
  std::optional<std::uint32_t> cores_per_rank;
  Launcher launcher = Launcher::none;  ///< none: auto
};

/// Adds -n, --local, --launcher, -j, --max-log, --dedicated-head.
void add_placement_options(boost::program_options::options_description& options);
/// Inside an mpirun or srun the ranks are those there are. In a Slurm job and not a rank: one for each node of the job,
/// started by srun when `can_srun_start_mpi` says so, else by mpirun. Throws UsageError for combinations that make no
/// sense, EnvironmentError where srun has started several of us without MPI.
[[nodiscard]] Placement decide_placement(const WantedPlacement& wanted, const Surroundings& around,
                                         const std::function<bool()>& can_srun_start_mpi);
/// The same for these arguments and this process. What a launcher has told this process is forgotten when it is not for
/// it (a shell of `srun --pty`), so that its children do not believe it.
[[nodiscard]] Placement placement_from(const Arguments& arguments);
/// `asked`, or what an earlier life had where we are free to choose.
[[nodiscard]] Placement inherit(const Placement& asked, const Placement& earlier);
/// Whether this process is only to start the ranks.
[[nodiscard]] bool is_front_end(const Placement& placement);
[[nodiscard]] RankOptions rank_options(const Arguments& arguments, const Placement& placement);

}  // namespace fugle::app
