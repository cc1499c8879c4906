// One rank of a run, from before MPI_Init to its end: spawner, transport, executor, Engine and the loop around it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "app/allocation.hpp"
#include "app/open_run.hpp"
#include "app/requeue.hpp"

namespace fugle::app {

struct RankOptions {
  bool is_local = true;              ///< one process, no MPI
  std::uint32_t cores_per_rank = 0;  ///< 0: this rank's share of the node
  bool head_runs_tasks = true;
  bool retry_failed = false;
  bool fail_fast = false;
  Requeue requeue = Requeue::never;  ///< when the allocation ends before the run
  bool has_walltime = false;         ///< the end of the allocation was given; Slurm's may only be earlier
  std::string campaign_dir;          ///< the run that others may join, or this process joins; empty: nobody joins
  Time latest_end = kNever;          ///< of this allocation, as a person says
  bool may_tell = false;             ///< the workflow may have `notify`
  std::string secrets_file;          ///< another one than the run has; empty: no other
  std::optional<std::uint64_t> max_log_bytes;  ///< of one attempt; nothing: the executor's own limit
};

/// A run that is open and planned; no `run`: there is nothing to do, and `exit_code` says why.
struct Opening {
  std::unique_ptr<OpenRun> run;
  RunPlan plan;
  int exit_code = 0;
  std::vector<bool> left_out{};  ///< [element] is not to start in this life; empty: none
};
/// Opens a run and plans it for the workers there are.
using RunOpener = std::function<Opening(const Workers& workers)>;

/// Returns the exit code of this process. `open` is called on rank 0 only, after the spawner was started.
int run_rank(const RankOptions& options, const RunOpener& open);

}  // namespace fugle::app
