// Where this process was started: alone, as a rank, in a Slurm job, in a task of another run. It decides how a run is
// placed (placement_options.hpp). Looks at the environment and at the processes above; asks nobody.
#pragma once

#include <cstdint>
#include <optional>

#include "slurm/job.hpp"

namespace fugle::app {

struct Surroundings {
  bool is_rank = false;            ///< of an mpirun or srun of somebody
  std::uint32_t num_ranks = 1;     ///< of a rank: as many there are, as its launcher tells
  bool is_inside_attempt = false;  ///< a task of another run started us, maybe through an mpirun of its own
  std::optional<slurm::Job> job;   ///< nothing inside an attempt: the job is the outer run's
};

[[nodiscard]] Surroundings look_around();

}  // namespace fugle::app
