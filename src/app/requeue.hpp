// A run that its job has no time for goes on in another one: the same job again (scontrol requeue), or a new one with
// the same script (sbatch). Knows how Slurm is asked; who asks, and when, is with the front-end and with rank 0.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "app/arguments.hpp"
#include "app/front_end.hpp"
#include "app/jobs.hpp"
#include "slurm/job.hpp"
#include "slurm/run_command.hpp"

namespace fugle::app {

/// --requeue: what is done when the allocation ends before the run.
enum class Requeue : std::uint8_t {
  never,
  automatic,  ///< the same job again; where Slurm refuses that, a new one
  chain,      ///< a new one
};
void add_requeue_option(boost::program_options::options_description& options);
/// never, when nothing is said. Throws UsageError for another word.
[[nodiscard]] Requeue requeue_from(const Arguments& arguments);

/// As slurm::run_command, or by Errands.
using RunCommand = std::function<slurm::Answer(const std::vector<std::string>& argv, Duration limit)>;

struct NextJobWish {
  Requeue how = Requeue::never;
  std::string run_dir;
  slurm::Job job;
  std::uint32_t max_requeues = 0;
  NextJob next;
};
/// Further jobs that the run was given or asked for itself.
[[nodiscard]] std::uint32_t num_requeues(const std::vector<RunJob>& jobs, const slurm::Job& job);
/// False, and it is said why, when no other job will go on. The job that goes on is noted in jobs.jsonl.
[[nodiscard]] bool go_on_in_another_job(const NextJobWish& wish, const RunCommand& run, Time now);

/// A life of the run begins in that job; a note that can not be written is said and no more.
void note_life_in_job(const std::string& run_dir, const slurm::Job& job, Time now);

}  // namespace fugle::app
