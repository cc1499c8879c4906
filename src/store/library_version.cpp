#include "store/library_version.hpp"

#include <fmt/format.h>

#include "store/hdf5.hpp"

namespace fugle::store {

std::string hdf5_version_built_for() { return fmt::format("{}.{}.{}", H5_VERS_MAJOR, H5_VERS_MINOR, H5_VERS_RELEASE); }

std::string hdf5_version_found() {
  const hdf5::Session session;
  unsigned major = 0, minor = 0, release = 0;
  H5get_libversion(&major, &minor, &release);
  return fmt::format("{}.{}.{}", major, minor, release);
}

}  // namespace fugle::store
