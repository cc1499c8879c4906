// Ranks by mpirun of Open MPI: `fugle run -n N FILE`, and in Slurm jobs whose srun has no PMI for it.
//
// mpirun is a poor go-between: it gives ranks a pty (so a rank can not tell a terminal from a file), ends the job on
// Ctrl-C, and under recovery returns 0 whatever happened. So front-end and rank 0 speak directly (front_end.hpp).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/launch.hpp"

namespace fugle::app {

/// Throws EnvironmentError when there is no mpirun. In a Slurm job mpirun takes its nodes from there.
[[nodiscard]] Launch mpirun_launch(std::uint32_t num_ranks);

/// mpirun's command line for this machine, without the program.
[[nodiscard]] std::vector<std::string> mpirun_command(const std::string& mpirun, std::uint32_t num_ranks,
                                                      bool has_fast_network);

}  // namespace fugle::app
