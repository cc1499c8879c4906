// MPI in functions that several ranks call together (TaskSettings::ranks). The one header that needs MPI.
//
//   double solve(const fugle::Context& context, int n) {
//     MPI_Comm comm = fugle::comm(context);       // of exactly the ranks that call this function now
//     MPI_Allreduce(..., comm);
//   }
//
// MPI is there already, with MPI_THREAD_MULTIPLE: neither initialise nor finalise it. The communicator is given to later
// calls of the same ranks too: complete what was begun on it, and do not free it. Where one rank throws, or dies, while
// others wait for it in a collective operation, these are told to end (is_cancelled()) and abandoned after the `grace` of
// the task: the attempt has ended then, but their threads wait on until the process ends.
#pragma once

// The C++ bindings that MPI-3 removed.
#ifndef OMPI_SKIP_MPICXX
#define OMPI_SKIP_MPICXX 1
#endif
#ifndef MPICH_SKIP_MPICXX
#define MPICH_SKIP_MPICXX 1
#endif
#include <mpi.h>

#include <fugle/context.hpp>

namespace fugle {

/// Of the ranks of this call, in the order of Context::rank(). Alone: MPI_COMM_SELF where there is MPI, else
/// MPI_COMM_NULL. Not to be used after the call.
[[nodiscard]] inline MPI_Comm comm(const Context& context) {
  if (context.raw_communicator() != nullptr) return *static_cast<const MPI_Comm*>(context.raw_communicator());
  int is_initialized = 0;
  MPI_Initialized(&is_initialized);
  return is_initialized != 0 ? MPI_COMM_SELF : MPI_COMM_NULL;
}

}  // namespace fugle
