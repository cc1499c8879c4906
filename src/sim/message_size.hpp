// How many bytes scheduler::encode() would make of a message, without making them.
#pragma once

#include <cstdint>
#include <vector>

#include "scheduler/message.hpp"

namespace fugle::sim {

class MessageSizes {
 public:
  explicit MessageSizes(std::uint32_t num_tasks) : task_bytes_(num_tasks, 0) {}
  [[nodiscard]] std::size_t of(const scheduler::Message& message);

 private:
  [[nodiscard]] std::size_t of_task(TaskId id, const graph::Task& task);

  std::vector<std::uint32_t> task_bytes_;  ///< [task] encoded once; 0: not yet
};

}  // namespace fugle::sim
