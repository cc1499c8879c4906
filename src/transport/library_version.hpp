// Which MPI this program runs with. Needs no MPI_Init.
#pragma once

#include <string>

namespace fugle::transport {

/// The first line of what the library says of itself: "Open MPI v4.1.4, package: ...", up to the first comma.
[[nodiscard]] std::string mpi_library_version();

}  // namespace fugle::transport
