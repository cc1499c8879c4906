// The folders of a repair in a run directory (repair.cpp).
#pragma once

#include <string>

#include "store/file.hpp"

namespace fugle::store {

inline constexpr const char* kNewFolder = "repair.new";      ///< the new chain while it is written
inline constexpr const char* kReadyFolder = "repair.ready";  ///< whole: now the old chain moves away
inline constexpr const char* kPlaceFolder = "repair.place";  ///< the old chain has moved away
inline constexpr const char* kDamagedFolder = "damaged.";    ///< and a number: what was repaired, as it was

/// What lies in the run directory is neither the old journal nor the new one.
[[nodiscard]] inline bool is_repair_unfinished(const std::string& run_dir) {
  return file_exists(run_dir + "/" + kReadyFolder) || file_exists(run_dir + "/" + kPlaceFolder);
}

}  // namespace fugle::store
