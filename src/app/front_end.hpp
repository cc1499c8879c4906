// The front-end that starts the ranks of a run by a launcher (mpirun, srun), and its other end on rank 0.
//
// Launchers are poor go-betweens, so front-end and rank 0 speak directly, over a Unix socket whose name the launcher
// hands on in FUGLE_FRONT_END: rank 0 receives the user's stdin, stdout and stderr themselves and writes to them
// directly (isatty and the width of the terminal are the user's), and reports its exit code before it leaves. Signals
// go from the front-end to rank 0, once each; the launcher runs in a session of its own, so that Ctrl-C does not reach
// it. The front-end's death ends the launcher and with it all ranks.
//
// One launch is one life of a run; the front-end can start the next one when rank 0 has died (supervise.hpp). It is the
// subreaper of all it starts: what a life leaves behind on this node, it ends before it says that the life is over.
//
// Where rank 0 lies on another host (a shell of salloc on the login node), reports and signals go through two files
// (front_end_notes.hpp), and output through the launcher.
#pragma once

#include <sys/types.h>

#include <csignal>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "app/front_end_notes.hpp"
#include "app/front_end_socket.hpp"
#include "app/launch.hpp"
#include "base/descriptor.hpp"

namespace fugle::app {

/// Why and how a run is to go on in another job.
struct NextJob {
  bool made_progress = false;  ///< in this life something ended, or wrote a checkpoint
  std::string bad_nodes;       ///< that the next job should not get: "n3,n4"
};

/// What the front-end knows of a life that has ended.
struct LifeEnd {
  std::optional<int> exit_code;            ///< as rank 0 reported it; nothing: it died without a report
  std::string wish;                        ///< why rank 0 left and wants a new life; empty: it did not
  std::string run_dir;                     ///< of the run, once it was open
  std::optional<std::uint64_t> num_ended;  ///< elements that had ended when last heard of, once the run was open
  bool is_unknown = false;                 ///< the launcher ended well without a word from rank 0
  bool has_started = false;                ///< the ranks have found each other
  bool could_start_nothing = false;        ///< the launcher failed before there was a rank
  int launcher_code = 0;                   ///< its exit code
  std::optional<NextJob> next_job;         ///< rank 0 wants the run to go on in another job
};

/// The variable by which ranks find the front-end.
inline constexpr const char* kFrontEndVariable = "FUGLE_FRONT_END";

/// To be made while the process has one thread. Signals are held back and the subreaper is on while it lives.
class FrontEnd {
 public:
  FrontEnd();
  ~FrontEnd();
  FrontEnd(const FrontEnd&) = delete;
  FrontEnd& operator=(const FrontEnd&) = delete;

  /// Runs `program arguments` as `launch` says and waits for the end. `notes_dir` is for a rank 0 on another host.
  [[nodiscard]] LifeEnd run(const Launch& launch, const std::string& program, const std::vector<std::string>& arguments,
                            const std::string& notes_dir = {});
  /// The first of SIGINT, SIGTERM and SIGHUP that came so far.
  [[nodiscard]] std::optional<int> stop_signal();

 private:
  class Life;
  [[nodiscard]] std::optional<int> next_signal();

  sigset_t mask_before_{};
  Descriptor signals_;
  std::optional<int> stop_signal_;
  std::vector<int> pending_;          ///< signals that came while there was no rank 0
  std::set<pid_t> earlier_children_;  ///< of this process, that are not ours: started before it became fugle
};

/// Of a rank, as long as it has no FrontEndLink.
[[nodiscard]] bool was_started_by_front_end();

/// Rank 0's end. Does nothing on other ranks and in processes that no front-end started.
class FrontEndLink {
 public:
  /// Joins the front-end: from now on stdin, stdout and stderr are the user's, and signals sent to the front-end arrive
  /// here; so block or handle them before. Removes FUGLE_FRONT_END from the environment, which is not for children.
  FrontEndLink();

  /// Whether a front-end started the ranks, with the flags they need; on every rank.
  [[nodiscard]] bool is_started_by_front_end() const { return is_started_by_front_end_; }
  [[nodiscard]] bool is_joined() const { return socket_.is_open() || notes_.is_open(); }
  /// The next signal that came by the notes of a front-end on another host.
  [[nodiscard]] std::optional<int> take_signal() { return notes_.take_signal(); }
  /// MPI is up on all ranks. Until then the front-end watches the ranks of its node: in MPI_Init nobody else would
  /// notice that one died.
  void report_start();
  /// The run that a next life would continue; `num_ended` elements of it have ended.
  void report_run(const std::string& run_dir, std::uint64_t num_ended);
  void report_progress(std::uint64_t num_ended);
  /// Tells the exit code; the front-end returns it once the launcher has ended, for which it then waits 10 s at most.
  void report(int exit_code);
  /// This life can not go on: the front-end is to start the next one when all ranks have left.
  void ask_for_restart(const std::string& why);
  /// The run is to go on in another job, which the front-end asks for when all ranks have left.
  void ask_for_next_job(const NextJob& next);

 private:
  void send(const RankReport& report, IfFull if_full = IfFull::wait);

  bool is_started_by_front_end_ = false;
  Descriptor socket_;
  NotesOfRank0 notes_;
};

}  // namespace fugle::app
