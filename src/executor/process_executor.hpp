// Runs attempts as child processes, through the spawner: a small process started before MPI_Init, joined by a
// socketpair, that starts the children (own process group), holds their output pipes, enforces limits, reaps, runs
// cleanups and removes scratch directories. The executor itself prepares what a child needs (environment, staged output
// paths, directories) and settles its outputs afterwards. Used by the thread of the Engine.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "scheduler/ports.hpp"
#include "topology/topology.hpp"

namespace fugle::executor {

/// Where the installation that this program was linked with has `fugle-spawner` and `fugle-plugin-host`; once, by
/// main().
void set_helper_folder(const std::string& folder);

/// `fugle-spawner` beside the running executable, or in ../libexec/fugle from there; else in the folder that
/// set_helper_folder() was told; else beside the `fugle` in PATH, or in ../libexec/fugle from that. Throws
/// EnvironmentError.
[[nodiscard]] std::string find_spawner_program();

/// The same for `fugle-plugin-host`, the program of the processes in which functions are called. Throws
/// EnvironmentError.
[[nodiscard]] std::string find_plugin_host();

/// Starts the spawner process; to be called before MPI_Init and before any thread exists. It sits in a session of its
/// own, and ends with every child when this object, or this process however it dies, is gone. Throws EnvironmentError.
class Spawner {
 public:
  explicit Spawner(const std::string& program = find_spawner_program());
  ~Spawner();  ///< ends the spawner and with it every child
  Spawner(Spawner&& other) noexcept;
  Spawner& operator=(Spawner&&) = delete;
  [[nodiscard]] int socket() const { return socket_; }
  [[nodiscard]] int pid() const { return pid_; }
  [[nodiscard]] const std::string& program() const { return program_; }

 private:
  std::string program_;
  int socket_ = -1;
  int pid_ = -1;
};

struct ExecutorOptions {
  WorkerId worker;
  std::string run_id;
  std::string run_dir;  ///< absolute; logs go to logs/worker-<n>.log and .idx
  /// Later settings of a name win. The submit-time environment, launcher variables removed (see scrub_environment),
  /// then the workflow's `env`.
  std::vector<std::string> environment;  ///< "NAME=VALUE"; its TMPDIR takes the few files an attempt needs
  /// Name and value. Tasks that list a name have it in their environment, nobody else has; wherever a value stands in
  /// output, values or reasons, it is masked.
  std::vector<std::pair<std::string, std::string>> secrets{};
  std::vector<topology::Device> gpus{};  ///< of this worker; attempts see what they have leased of them, see below
  /// Bytes of output kept of one attempt: its beginning, and of what exceeds that the last 64 KiB, with a line between
  /// that says how much is missing. 0: everything.
  std::uint64_t max_log_bytes = std::uint64_t{1} << 30;
  bool uses_control_groups = true;  ///< for the memory of attempts, where they can be made
  std::string scratch_root{};       ///< of tasks that name none; empty: default_scratch_root() of node_folder.hpp
  /// Outputs that are not there on a network file system are looked for again for so long.
  Duration settle_limit = std::chrono::seconds(10);
  std::function<bool(const std::string& path)> is_on_network{};  ///< empty: is_on_network() of file_system.hpp

  // Of attempts with MPI ranks.
  std::string host{};               ///< as the head knows this node; empty: gethostname(2)
  std::string slurm_job{};          ///< in which this worker is; empty: in none
  std::vector<topology::Pu> pus{};  ///< of this worker: by these GPUs are near to ranks
  /// Removes what killed MPI programs left on this node: after an attempt with ranks that ended badly. `temporary`:
  /// where their session directories are. Empty: nothing is done.
  std::function<void(const std::string& temporary)> remove_mpi_debris{};

  // Of functions called in standing child processes.
  std::string own_program{};  ///< that has the verb `read-datasets`; empty: this one, when it is first needed
  std::string plugin_host{};  ///< their program; empty: find_plugin_host(), when the first one is needed
  /// What the functions before gave, in the order of ElementText::results_of; asked when the attempt is started, which
  /// is `lost` when there is nothing. Empty: no results.
  std::function<std::optional<std::vector<std::string>>(const scheduler::Launch& launch)> results_before{};
  /// Is told what a function that ended OK gave, before the report of that is polled.
  std::function<void(ElementId element, std::uint16_t attempt, std::string result)> keep_result{};
};

/// Without the variables by which mpirun and srun talk to their ranks (OMPI_* PMIX_* PMI_* ORTE_* OPAL_* PRTE_*
/// SLURM_STEP* SLURM_CPU_BIND* and the like; OMPI_ALLOW_RUN_AS_ROOT* stay), and without what an attempt of an outer run
/// was told (FUGLE_ELEMENT, FUGLE_IN_* and so on).
[[nodiscard]] std::vector<std::string> scrub_environment(const std::vector<std::string>& environment);

/// Runs at most one attempt of an element at a time. A report's maxrss_kb is never less than the spawner's own size
/// (about 2 MB), which a child has until its exec. It is that of the largest process, and where memory is watched that
/// of all together, five times a second. cpu_ms, read_bytes and written_bytes include descendants that were waited for;
/// the bytes are those that went from and to disks (getrusage(2)): not what was cached, nor on every network file
/// system.
///
/// When an attempt is reported as ended, its processes have been killed, also those that left its group or session and
/// cleared their environment (see spawner/descendants.hpp); its cleanup has run, after every end but that of a program
/// which never ran, for at most `grace` (on a shutdown: what is left of the grace); its scratch directory is gone. When
/// this process dies, all that happens too, but for cleanups. When the spawner is killed, its children die with it, and
/// what they started is looked for by its environment.
///
/// An attempt is bound to the CPUs of its place before its program starts, its memory is preferred on the NUMA nodes of
/// its place. What it was bound to is read back: while it runs (after 0.25 s, 2 s, 18 s, ...) and when it has ended;
/// that it ran elsewhere is the reason of a report whose class is none.
///
/// An attempt of kind `function` is called in a standing process: started when no idle one may take it (slot_key() of
/// isolated_call.hpp), used again after a call that ended well or returned an error, and ended with the executor, when
/// its plugins finish (for at most 10 s). Everything above holds for it, with these differences: it dies alone, with
/// `signal` or whatever ended its process; TERM lets the function see is_cancelled(); after that, or when it has left
/// child processes behind, its process is killed once it has returned; its memory is always watched, never limited by a
/// control group, and includes what the process keeps between calls; `setup` when its library can not be loaded.
///
/// An attempt with MPI ranks (Shape::ranks) is its launcher, srun or mpirun, and all that this starts: see
/// launcher.hpp. A list of words is started on every rank; then `launch` is also the class of a launcher that started
/// none, and `signal` that of an exit code by which it tells of one. A shell text runs once, and is told the launcher
/// (slot L). Where srun started them, the ranks are no descendants of ours: cpu_ms and the bytes are those of srun
/// alone, memory is limited by Slurm, and what is left after a bad end is found by its environment. Of an attempt over
/// several nodes (Launch::party) the leader runs the launcher; on the others mpirun's daemon is started in the place,
/// with the environment of the attempt and a scratch directory of that node.
///
/// Classes: `error` with exit 127 or 126 when the program is not found or not executable, as a shell has it; `setup`
/// when the working directory can not be entered, the scratch directory or a log of its own not be made, a module not be
/// loaded, or the shell lines before the command (surroundings.hpp) failed; `output` when an output is
/// missing or its directory can not be made; `oom` when it and its descendants needed more memory than its task asks
/// for (enforced only where the task asks: by a control group where one can be made, see spawner/control_group.hpp,
/// else by looking five times a second, see spawner/memory.hpp), or the kernel killed one of them for lack of it;
/// `launch` when the machine had no room for the process or less free for its scratch than the task wants; `lost` when
/// the spawner died.
class ProcessExecutor final : public scheduler::Executor {
 public:
  /// One executor per spawner. Makes run_dir/logs. Throws EnvironmentError when the logs can not be written.
  ProcessExecutor(Spawner& spawner, ExecutorOptions options);
  ~ProcessExecutor() override;
  void start(const scheduler::Launch& launch) override;
  void start_after(const scheduler::Launch& launch, ElementId predecessor) override;
  void start_now(ElementId element) override;
  void stop(ElementId element, scheduler::StopReason reason) override;
  void signal(ElementId element, int signal) override;
  /// Appends to the log of an attempt that is not run here, but by this worker.
  void write_log(ElementId element, std::uint16_t attempt, std::string_view text);
  void poll(std::vector<scheduler::AttemptReport>& reports) override;
  void host(const scheduler::Launch& launch) override;
  void dismiss(ElementId element) override;
  void hear(const scheduler::PartyWord& word) override;
  void poll_words(std::vector<scheduler::PartyWord>& words) override;
  /// Readable when poll() has something to do.
  [[nodiscard]] int fd() const;
  /// The spawner died: all its attempts are reported `lost`; nothing can be started any more.
  [[nodiscard]] bool is_broken() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// Kills what an earlier life of this run may have left on this node: processes of this user whose environment says
/// FUGLE_RUN_ID=<run_id>, but not ourselves, our ancestors, or what a living spawner started. Returns their number once
/// they are gone (or after about a second).
int kill_leftovers(const std::string& run_id);

}  // namespace fugle::executor
