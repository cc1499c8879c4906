// What a further attempt of an element asks for (`retries.scale`). Pure.
#pragma once

#include <cstdint>
#include <string>

#include "graph/task.hpp"
#include "plan/slot.hpp"

namespace fugle::scheduler {

[[nodiscard]] constexpr bool is_scaled(const graph::RetryPolicy& policy) {
  return policy.scale_mem > 1 || policy.scale_timeout > 1 || policy.scale_cores > 1;
}

struct ScaledTask {
  graph::Task task;
  std::string remark{};  ///< for people: what it would have asked for, and was cut; empty: nothing was
};
/// After `retries` of its own budget, on a worker that can give it `most` (memory 0: not known). What it asked for
/// before it gets in any case. Memory that nobody asked for is a share of the node and stays one.
[[nodiscard]] ScaledTask scaled_task(const graph::Task& task, std::uint32_t retries, const plan::Slot& most);

}  // namespace fugle::scheduler
