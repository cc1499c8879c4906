// Communicators of some of the ranks, for functions that several workers call together. Made by the threads that call
// them: only the members take part, and nobody else waits. Needs MPI_THREAD_MULTIPLE.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace fugle::transport {

/// An MPI_Comm of these ranks of MPI_COMM_WORLD, in that order; freed with the last holder. Blocks until all of them
/// have called with the same `tag` (its lower 15 bits count), which at one time stands for one group only. Errors are
/// returned on it. Throws EnvironmentError.
[[nodiscard]] std::shared_ptr<const void> make_communicator(const std::vector<std::uint32_t>& ranks, std::uint32_t tag);

}  // namespace fugle::transport
