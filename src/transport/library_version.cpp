#include "transport/library_version.hpp"

#include <array>

#include "transport/mpi_call.hpp"

namespace fugle::transport {

std::string mpi_library_version() {
  std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> text{};
  int length = 0;
  check_mpi("MPI_Get_library_version", MPI_Get_library_version(text.data(), &length));
  const std::string version = text.data();
  return version.substr(0, version.find_first_of(",\n"));
}

}  // namespace fugle::transport
