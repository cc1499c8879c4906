#include "store/dataset_values.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "store/hdf5.hpp"

namespace fugle::store {

std::vector<double> read_dataset_values(const std::string& path, const std::string& dataset) {
  const hdf5::Session session;
  const hdf5::Handle file = hdf5::open_file(session, path);
  const hdf5::Handle data = hdf5::own(H5Dopen2(file.id(), dataset.c_str(), H5P_DEFAULT), H5Dclose, "H5Dopen2", dataset);
  const H5T_class_t type = H5Tget_class(hdf5::type_in(data).id());
  if (type != H5T_INTEGER && type != H5T_FLOAT)
    throw EnvironmentError(fmt::format("dataset '{}' does not hold numbers", dataset));
  const std::uint64_t count = hdf5::size_of(data);
  if (count > kMostDatasetValues)
    throw EnvironmentError(
        fmt::format("dataset '{}' has {} values, a metric takes at most {}", dataset, count, kMostDatasetValues));
  std::vector<double> values(count);
  if (count > 0) hdf5::read_all(data, H5T_NATIVE_DOUBLE, values.data());
  return values;
}

}  // namespace fugle::store
