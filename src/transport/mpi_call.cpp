#include "transport/mpi_call.hpp"

#include <fmt/format.h>

#include <array>

#include "base/error.hpp"

namespace fugle::transport {

void check_mpi(const char* call, int code) {
  if (code == MPI_SUCCESS) return;
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int size = 0;
  MPI_Error_string(code, text.data(), &size);
  throw EnvironmentError(fmt::format("{} failed ({}); run `fugle doctor`, then `fugle resume`", call, text.data()));
}

}  // namespace fugle::transport
