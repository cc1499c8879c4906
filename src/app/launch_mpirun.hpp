// `fugle run -n N FILE`: the front-end that starts mpirun with the flags we need, and its other end on rank 0.
//
// mpirun is a poor go-between: it gives ranks a pty (so a rank can not tell a terminal from a file), ends the job on
// Ctrl-C, and under recovery returns 0 whatever happened. So front-end and rank 0 speak directly, over a Unix socket
// whose name mpirun hands on in FUGLE_FRONT_END: rank 0 receives the user's stdin, stdout and stderr themselves and
// writes to them directly (isatty and the width of the terminal are the user's), and reports its exit code before it
// leaves. Signals go from the front-end to rank 0, once each; mpirun runs in a session of its own, so that Ctrl-C does
// not reach it. The front-end's death ends mpirun and with it all ranks.
//
// When rank 0 lies on another host (no local rank 0 in the allocation) it can not join: its output goes through mpirun,
// signals go to mpirun, and no status comes back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "transport/descriptor.hpp"

namespace fugle::app {

/// Runs `program arguments` on num_ranks ranks and waits for the end. Returns the exit code that rank 0 reported;
/// nothing when it died without a report (the run is interrupted). Throws EnvironmentError when there is no mpirun.
/// To be called while the process has one thread; changes its signal mask for the time of the call.
[[nodiscard]] std::optional<int> run_under_mpirun(std::uint32_t num_ranks, const std::string& program,
                                                  const std::vector<std::string>& arguments);

/// mpirun's command line for this machine, without the program.
[[nodiscard]] std::vector<std::string> mpirun_command(const std::string& mpirun, std::uint32_t num_ranks,
                                                      bool has_fast_network);

/// Rank 0's end. Does nothing on other ranks and in processes that no front-end started.
class FrontEndLink {
 public:
  /// Joins the front-end: from now on stdin, stdout and stderr are the user's, and signals sent to the front-end arrive
  /// here; so block or handle them before. Removes FUGLE_FRONT_END from the environment, which is not for children.
  FrontEndLink();

  [[nodiscard]] bool is_joined() const { return socket_.is_open(); }
  /// MPI is up on all ranks. Until then the front-end watches the ranks of its node: in MPI_Init nobody else would notice
  /// that one died.
  void report_start();
  /// Tells the exit code; the front-end returns it once mpirun has ended, for which it then waits 10 s at most.
  void report(int exit_code);

 private:
  transport::Descriptor socket_;
};

}  // namespace fugle::app
