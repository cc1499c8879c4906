// The ranks of an MPI communicator, of which it makes two of its own: one for frames, received into buffers that wait
// for them, and one for what is longer, announced by a frame. One thread at a time; which, is_for_any_thread() says.
#pragma once

#include <memory>

#include "calls/link.hpp"

namespace fugle::calls {

/// By all ranks together. `communicator` as MPI_Comm_c2f gives it. Throws CallMisuse when MPI is not initialised.
std::unique_ptr<detail::Link> make_mpi_link(int communicator);

}  // namespace fugle::calls
