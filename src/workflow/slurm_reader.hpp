// The key `slurm`: what to ask Slurm for.
#pragma once

#include "workflow/fields.hpp"
#include "workflow/workflow.hpp"

namespace fugle::workflow {

void read_slurm(const Reading& reading, const Entry& entry, SlurmKeys& into);

}  // namespace fugle::workflow
