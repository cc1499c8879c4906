// What one worker offers to elements, as far as planning counts it.
#pragma once

#include <cstdint>

#include "graph/task.hpp"

namespace fugle::plan {

/// What a worker offers.
struct Slot {
  std::uint32_t cores = 1;
  std::uint64_t mem_bytes = 0;  ///< 0: not counted
  std::uint32_t gpus = 0;
  bool operator==(const Slot&) const = default;
};

/// Memory in bytes that a request takes on a worker: its own, else its cores' share; 0 where memory is not counted.
[[nodiscard]] constexpr std::uint64_t memory_on(const Slot& slot, const graph::Request& request) {
  if (slot.mem_bytes == 0) return 0;
  return request.mem_bytes != 0 ? request.mem_bytes : slot.mem_bytes / slot.cores * request.cores;
}

/// What is taken of a worker by what runs there with that request.
[[nodiscard]] constexpr Slot taken_on(const Slot& slot, const graph::Request& request) {
  if (request.whole_node) return slot;
  return {request.cores, memory_on(slot, request), request.gpus};
}

/// Whether the request fits on a worker that runs nothing else.
[[nodiscard]] constexpr bool can_hold(const Slot& slot, const graph::Request& request) {
  return request.cores <= slot.cores && request.gpus <= slot.gpus &&
         (slot.mem_bytes == 0 || memory_on(slot, request) <= slot.mem_bytes);
}

}  // namespace fugle::plan
