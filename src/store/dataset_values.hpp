// The numbers of one dataset of somebody else's HDF5 file. The file may be damaged in ways that crash the library: to
// be called in a process that may end.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fugle::store {

/// Of a larger dataset nothing is read.
inline constexpr std::uint64_t kMostDatasetValues = 1 << 24;

/// Of any shape, row by row; integers and floating point numbers. Throws EnvironmentError: no such file or dataset, no
/// numbers, too many of them.
[[nodiscard]] std::vector<double> read_dataset_values(const std::string& path, const std::string& dataset);

}  // namespace fugle::store
