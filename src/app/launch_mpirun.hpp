// `fugle run -n N FILE`: the front-end that starts mpirun with the flags we need, and its other end on rank 0.
//
// mpirun is a poor go-between: it gives ranks a pty (so a rank can not tell a terminal from a file), ends the job on
// Ctrl-C, and under recovery returns 0 whatever happened. So front-end and rank 0 speak directly, over a Unix socket
// whose name mpirun hands on in FUGLE_FRONT_END: rank 0 receives the user's stdin, stdout and stderr themselves and
// writes to them directly (isatty and the width of the terminal are the user's), and reports its exit code before it
// leaves. Signals go from the front-end to rank 0, once each; mpirun runs in a session of its own, so that Ctrl-C does
// not reach it. The front-end's death ends mpirun and with it all ranks.
//
// One mpirun is one life of a run; the front-end can start the next one when rank 0 has died (supervise.hpp). It is the
// subreaper of all it starts: what a life leaves behind on this node, it ends before it says that the life is over.
//
// When rank 0 lies on another host (no local rank 0 in the allocation) it can not join: its output goes through mpirun,
// signals go to mpirun, no status comes back, and nothing is restarted.
#pragma once

#include <sys/types.h>

#include <csignal>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "app/front_end_socket.hpp"
#include "transport/descriptor.hpp"

namespace fugle::app {

/// What the front-end knows of a life that has ended.
struct LifeEnd {
  std::optional<int> exit_code;            ///< as rank 0 reported it; nothing: it died without a report
  std::string wish;                        ///< why rank 0 left and wants a new life; empty: it did not
  std::string run_dir;                     ///< of the run, once it was open
  std::optional<std::uint64_t> num_ended;  ///< elements that had ended when last heard of, once the run was open
  bool is_rank_0_elsewhere = false;        ///< on another host: nothing is known of it
};

/// To be made while the process has one thread. Signals are held back and the subreaper is on while it lives.
class FrontEnd {
 public:
  FrontEnd();
  ~FrontEnd();
  FrontEnd(const FrontEnd&) = delete;
  FrontEnd& operator=(const FrontEnd&) = delete;

  /// Runs `program arguments` on num_ranks ranks and waits for the end. Throws EnvironmentError when there is no mpirun
  /// or it can start nothing.
  [[nodiscard]] LifeEnd run(std::uint32_t num_ranks, const std::string& program,
                            const std::vector<std::string>& arguments);
  /// The first of SIGINT, SIGTERM and SIGHUP that came so far.
  [[nodiscard]] std::optional<int> stop_signal();

 private:
  class Life;
  [[nodiscard]] std::optional<int> next_signal();

  sigset_t mask_before_{};
  transport::Descriptor signals_;
  std::optional<int> stop_signal_;
  std::vector<int> pending_;          ///< signals that came while there was no rank 0
  std::set<pid_t> earlier_children_;  ///< of this process, that are not ours: started before it became fugle
};

/// mpirun's command line for this machine, without the program.
[[nodiscard]] std::vector<std::string> mpirun_command(const std::string& mpirun, std::uint32_t num_ranks,
                                                      bool has_fast_network);

/// Rank 0's end. Does nothing on other ranks and in processes that no front-end started.
class FrontEndLink {
 public:
  /// Joins the front-end: from now on stdin, stdout and stderr are the user's, and signals sent to the front-end arrive
  /// here; so block or handle them before. Removes FUGLE_FRONT_END from the environment, which is not for children.
  FrontEndLink();

  /// Whether a front-end started the ranks, with the flags they need; on every rank.
  [[nodiscard]] bool is_started_by_front_end() const { return is_started_by_front_end_; }
  [[nodiscard]] bool is_joined() const { return socket_.is_open(); }
  /// MPI is up on all ranks. Until then the front-end watches the ranks of its node: in MPI_Init nobody else would
  /// notice that one died.
  void report_start();
  /// The run that a next life would continue; `num_ended` elements of it have ended.
  void report_run(const std::string& run_dir, std::uint64_t num_ended);
  void report_progress(std::uint64_t num_ended);
  /// Tells the exit code; the front-end returns it once mpirun has ended, for which it then waits 10 s at most.
  void report(int exit_code);
  /// This life can not go on: the front-end is to start the next one when all ranks have left.
  void ask_for_restart(const std::string& why);

 private:
  bool is_started_by_front_end_ = false;
  transport::Descriptor socket_;
};

}  // namespace fugle::app
