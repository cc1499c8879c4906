// What a function called in a standing child process is given (CallMessage), and which of these processes may take it.
// Knows nothing of the processes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "executor/call_message.hpp"
#include "graph/element_text.hpp"
#include "scheduler/attempt.hpp"

namespace fugle::executor {

/// What of an attempt is not in its launch.
struct CallSurroundings {
  std::string run_id;
  std::string run_dir;
  std::uint32_t worker = 0;
  std::string workdir;
  std::string scratch;
  std::vector<std::string> staged_outputs;
  std::vector<std::string> environment;  ///< its own
  std::vector<std::string> results;      ///< of the functions before
};

/// The library as the process is to open it: one with a slash that is relative lies where the attempt works.
[[nodiscard]] std::string absolute_function(const std::string& function, const std::string& workdir);

[[nodiscard]] CallMessage call_message(const scheduler::Launch& launch, const graph::ElementText& text,
                                       CallSurroundings surroundings);

/// A process is used again by attempts with the same key: the library, what libraries read once when they are loaded
/// (variables that are the same for all elements of a task, GPUs), cores, and the limit of memory, which counts what
/// stays in the process from call to call.
[[nodiscard]] std::string slot_key(const scheduler::Launch& launch, const std::string& function,
                                   std::uint64_t memory_limit);

}  // namespace fugle::executor
