// What is known before the run of tasks whose elements are made only while it goes on, and of those that run only when
// others have failed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "graph/task.hpp"

namespace fugle::workflow {

/// A task whose elements are made while the run goes on.
struct OpenTask {
  std::string name;
  std::vector<std::string> after;    ///< the tasks that its list comes from
  std::optional<graph::Task> known;  ///< settings of all its elements; nullopt: they differ from item to item
};

/// A task that runs only when one of the others has failed.
struct HandlerTask {
  std::string name;
  std::vector<std::string> failing;
};

struct Outlook {
  std::vector<OpenTask> open;
  std::vector<HandlerTask> handlers;
  std::optional<std::uint64_t> max_elements;  ///< of one task, where the file says so
};

}  // namespace fugle::workflow
