// Runs attempts as child processes, through the spawner: a small process started before MPI_Init, joined by a
// socketpair, that starts the children (own process group), holds their output pipes, enforces timeouts and reaps.
// The executor itself prepares what a child needs (environment, staged output paths, directories) and settles its
// outputs afterwards. Used by the thread of the Engine.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "scheduler/ports.hpp"

namespace fugle::executor {

/// Starts the spawner process; to be called before MPI_Init and before any thread exists. The program is
/// `fugle-spawner` beside the running executable, or in ../libexec/fugle. Throws EnvironmentError.
class Spawner {
 public:
  Spawner();
  ~Spawner();  ///< ends the spawner and with it every child
  Spawner(Spawner&& other) noexcept;
  Spawner& operator=(Spawner&&) = delete;
  [[nodiscard]] int socket() const { return socket_; }
  [[nodiscard]] int pid() const { return pid_; }

 private:
  int socket_ = -1;
  int pid_ = -1;
};

struct ExecutorOptions {
  WorkerId worker;
  std::string run_id;
  std::string run_dir;  ///< absolute; logs go to logs/worker-<n>.log and .idx
  /// The submit-time environment, launcher variables removed (see scrub_environment), then the workflow's `env`.
  std::vector<std::string> environment;  ///< "NAME=VALUE"
};

/// Without the variables by which mpirun and srun talk to their ranks (OMPI_* PMIX_* PMI_* ORTE_* OPAL_* PRTE_*
/// SLURM_STEP* SLURM_CPU_BIND* and the like; OMPI_ALLOW_RUN_AS_ROOT* stay).
[[nodiscard]] std::vector<std::string> scrub_environment(const std::vector<std::string>& environment);

class ProcessExecutor final : public scheduler::Executor {
 public:
  ProcessExecutor(Spawner& spawner, ExecutorOptions options);
  ~ProcessExecutor() override;
  void start(const scheduler::Launch& launch) override;
  void stop(ElementId element, scheduler::StopReason reason) override;
  void poll(std::vector<scheduler::AttemptReport>& reports) override;
  /// Readable when poll() has something to say.
  [[nodiscard]] int fd() const;
  /// The spawner died: all its attempts are reported `lost`; nothing can be started any more.
  [[nodiscard]] bool is_broken() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// Kills what an earlier life of this run may have left on this node: processes of this user whose environment says
/// FUGLE_RUN_ID=<run_id>, but not ourselves or our ancestors. Returns their number.
int kill_leftovers(const std::string& run_id);

}  // namespace fugle::executor
