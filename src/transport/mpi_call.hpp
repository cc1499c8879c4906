// The one place that includes mpi.h, and the one wrapper every MPI call goes through.
#pragma once

#define OMPI_SKIP_MPICXX 1
#define MPICH_SKIP_MPICXX 1
#include <mpi.h>

namespace fugle::transport {

/// Throws EnvironmentError that names the call unless `code` is MPI_SUCCESS.
void check_mpi(const char* call, int code);

}  // namespace fugle::transport
