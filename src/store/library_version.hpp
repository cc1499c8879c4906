// Which HDF5 this program was built for and which it runs with: they must be the same, or HDF5 ends the program at its
// first use.
#pragma once

#include <string>

namespace fugle::store {

[[nodiscard]] std::string hdf5_version_built_for();  ///< "1.10.8"
[[nodiscard]] std::string hdf5_version_found();

}  // namespace fugle::store
