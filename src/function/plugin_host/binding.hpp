// Where this process runs: moved from call to call, with all its threads.
#pragma once

#include <cstdint>
#include <vector>

#include "executor/spawner/bit_set.hpp"

namespace fugle::function {

class Binding {
 public:
  Binding();  ///< as the process was started
  /// Empty lists: as it was started, and memory from anywhere. Returns the errno of binding to the CPUs, or 0.
  [[nodiscard]] int apply(const std::vector<std::uint32_t>& cpus, const std::vector<std::uint32_t>& numa_nodes);

 private:
  spawner::BitSet at_start_;
  spawner::BitSet cpus_;  ///< now
  std::vector<std::uint32_t> numa_nodes_;
};

}  // namespace fugle::function
