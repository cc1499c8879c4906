// The closing of descriptors that a child is not to have. Knows nothing of what they refer to.
#pragma once

namespace fugle::slurm {

/// Closes `first` and all after it. System calls only: for the child of a fork.
void close_descriptors_from(int first);

}  // namespace fugle::slurm
