// report.h5: the table of a sweep as columns (FORMAT.md), replaced as a whole.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "store/disk.hpp"

namespace fugle::store {

struct TableColumns {
  std::vector<std::string> columns;        ///< headings
  std::vector<std::string> tasks;          ///< by row
  std::vector<std::string> points;         ///< by row
  std::vector<std::uint64_t> elements;     ///< by row
  std::vector<std::uint64_t> with_values;  ///< by row
  std::vector<double> values;              ///< the rows one after another; NaN: none
};

/// `run` is its id. Throws EnvironmentError.
void write_table(const std::string& run_dir, const std::string& run, const TableColumns& table,
                 Disk& disk = real_disk());
/// Throws EnvironmentError where there is none, or it is damaged.
[[nodiscard]] TableColumns read_table(const std::string& run_dir);

}  // namespace fugle::store
