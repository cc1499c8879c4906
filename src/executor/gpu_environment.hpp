// Which GPUs an attempt may see: the environment variables that the vendors' libraries read.
#pragma once

#include <string>
#include <vector>

#include "scheduler/attempt.hpp"
#include "topology/topology.hpp"

namespace fugle::executor {

/// Adds to the variables of an attempt, on a worker that has GPUs:
///  - CUDA_VISIBLE_DEVICES, ROCR_VISIBLE_DEVICES, ZE_AFFINITY_MASK: those it has leased, nearest to its cores first. A
///    variable lists the GPUs of its vendor; one whose vendor has none here lists them all.
///  - HIP_VISIBLE_DEVICES on nodes with AMD's: 0, 1, ..., for it counts what ROCR_VISIBLE_DEVICES leaves. HIP reads
///    CUDA_VISIBLE_DEVICES in the same way, so there that counts too.
///  - CUDA_DEVICE_ORDER=PCI_BUS_ID and ZE_FLAT_DEVICE_HIERARCHY=COMPOSITE, unless set, where GPUs of NVIDIA or Intel
///  are
///    leased: by their defaults the numbers would mean the fastest first, or parts of cards.
/// An attempt without GPUs sees none: who forgot to ask finds out at once, instead of sharing somebody's card. What the
/// task's own `env` sets stays: there the user says it. Nothing is set for an attempt that has GPUs but no place, and
/// on a worker without GPUs.
void add_gpu_variables(std::vector<std::string>& variables, const std::vector<topology::Device>& gpus,
                       const scheduler::Launch& launch, const std::vector<std::string>& shared_environment);

}  // namespace fugle::executor
