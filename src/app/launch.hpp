// How the ranks of one life are started: the launcher's command line and environment, as data. The front-end runs it
// (front_end.hpp); launch_mpirun and launch_srun make it. Knows nothing of the run.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace fugle::app {

struct Launch {
  std::string name;                      ///< "mpirun", "srun": for messages
  std::vector<std::string> command;      ///< the first word is a path; the program of the ranks and its words follow
  std::vector<std::string> environment;  ///< of the launcher, whole: "NAME=value"
  std::uint32_t num_ranks = 1;
  bool has_ranks_as_children = false;  ///< those of this node: that one died in MPI_Init can be seen
  bool is_rank_0_here = true;          ///< false: on another host, so that it can not reach a socket of ours
  /// Ends what is left of the ranks on all nodes after the launcher had to be ended; empty: that ends them too.
  std::function<void()> sweep;
};

/// The first executable of that name in PATH; empty: none.
[[nodiscard]] std::string find_program(const std::string& name);
/// Whether there is a network that MPI should look for.
[[nodiscard]] bool has_fast_network();
/// The environment of this process.
[[nodiscard]] std::vector<std::string> own_variables();
/// Replaces or adds.
void set_variable(std::vector<std::string>& environment, const std::string& name, const std::string& value);
void remove_variable(std::vector<std::string>& environment, const std::string& name);

}  // namespace fugle::app
