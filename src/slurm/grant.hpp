// What of this node the job gives to this process and the other tasks of its step there: CPUs, memory, GPUs (srun(1),
// OUTPUT ENVIRONMENT VARIABLES). Where Slurm constrains nothing (no cgroups, no affinity) a process sees the whole
// machine and has to keep to it by itself. Reads variables only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "slurm/job.hpp"

namespace fugle::slurm {

struct Grant {
  std::uint32_t cpus = 0;  ///< as Slurm counts CPUs: threads, or cores where the site says so; 0: not known
  std::optional<std::uint64_t> mem_bytes;  ///< nothing: all of the node, or not known
  bool has_gpus_per_task = false;          ///< each task sees its own GPUs only
};

/// Nothing outside of a job and on nodes that are not of it (a shell of salloc on the login node).
[[nodiscard]] std::optional<Grant> grant_on_this_node(const Environment& get = process_environment());

/// For an srun --mem=0 of ours, by which Slurm's own variables are lost: notes in FUGLE_JOB_MEM_PER_* what
/// `environment` (NAME=VALUE) says of the job's memory, and forgets what an outer one noted.
void note_memory(std::vector<std::string>& environment);

}  // namespace fugle::slurm
