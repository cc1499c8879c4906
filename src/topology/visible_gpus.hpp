// Which of a node's GPUs this process was given, by the environment variables with which Slurm, batch scripts and
// libraries say so. hwloc sees them all.
#pragma once

#include <functional>
#include <vector>

#include "topology/topology.hpp"

namespace fugle::topology {

/// As getenv(): null when it is not set.
using Variables = std::function<const char*(const char*)>;

/// Removes what CUDA_VISIBLE_DEVICES, ROCR_VISIBLE_DEVICES (else HIP_VISIBLE_DEVICES) and ZE_AFFINITY_MASK hide, and
/// sets visible_as of the rest. Numbers count the vendor's devices in PCI order; where SLURM_STEP_GPUS or
/// SLURM_JOB_GPUS lists as many they are Slurm's, for inside a device cgroup the libraries count from 0 whatever the
/// cards are. What Slurm lists counts even when hwloc sees no GPU at all: then nothing is known of its place.
[[nodiscard]] std::vector<Device> visible_gpus(const std::vector<Device>& gpus, const Variables& variables);

}  // namespace fugle::topology
