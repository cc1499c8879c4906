#include "app/surroundings.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>

#include "slurm/ancestors.hpp"
#include "transport/mpi_transport.hpp"

namespace fugle::app {
namespace {

std::uint32_t ranks_around_us() {
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"}) {
    const char* text = std::getenv(name);
    std::uint32_t count = 0;
    if (text != nullptr && std::from_chars(text, text + std::strlen(text), count).ec == std::errc{}) return count;
  }
  return 1;
}

/// The spawner of the outer run is nearer than the daemon of a job that the task has submitted.
bool is_below_spawner() {
  for (const slurm::Ancestor& above : slurm::ancestors()) {
    if (above.title.starts_with("slurmstepd: ")) return false;
    if (above.name == "fugle-spawner") return true;
  }
  return false;
}

}  // namespace

Surroundings look_around() {
  Surroundings around;
  around.is_inside_attempt = is_below_spawner();
  around.job = slurm::job_around_us();
  around.is_rank = around.job ? around.job->part == slurm::Part::rank : transport::is_started_by_launcher();
  if (around.is_rank) around.num_ranks = ranks_around_us();
  if (around.is_inside_attempt) around.job.reset();
  return around;
}

}  // namespace fugle::app
