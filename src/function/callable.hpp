// One call of a function by a worker: what it is given, what comes back. Functions come from plugins (plugin.hpp) or
// from the C++ program that made the workflow (registry.hpp). Knows nothing of who calls, or of where.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "graph/task.hpp"

namespace fugle::function {

/// Texts are valid during the call.
struct CallInput {
  std::string_view run_id;
  std::string_view run_dir;
  std::string_view task;
  std::string_view element;  ///< "post[3]"
  std::uint32_t attempt = 1;
  std::uint32_t index = 0;                                             ///< of the element within its task
  std::string_view arguments;                                          ///< JSON object: `with`
  std::string_view workdir;                                            ///< absolute; the process need not be in it
  std::string_view scratch;                                            ///< directory of this attempt; empty: none
  std::vector<std::pair<std::string_view, std::string_view>> inputs;   ///< name, absolute path or several, a line each
  std::vector<std::pair<std::string_view, std::string_view>> outputs;  ///< name, absolute staged path
  std::vector<std::string_view> results;                               ///< of the functions before, as they gave them
  std::uint32_t cores = 1;                                             ///< it may use so many threads
  std::vector<std::uint32_t> cpus;  ///< numbers of the operating system; empty: not bound
  std::vector<std::uint32_t> gpus;
  std::uint32_t rank = 0;  ///< among the workers that call it together
  std::uint32_t num_ranks = 1;
  const void* communicator = nullptr;  ///< MPI_Comm* of exactly these; null: no MPI here, num_ranks is 1
  const bool* is_cancelled = nullptr;  ///< becomes true when it should end soon; read it atomically (std::atomic_ref)
  /// Takes one line, without its end, for the log of the attempt; any thread of the function may say one. Null: lines
  /// go to stderr.
  const std::function<void(std::string_view)>* log = nullptr;
};

struct CallOutcome {
  graph::FailureClass cls = graph::FailureClass::none;
  int exit = 0;        ///< what it returned, when that is not 0
  std::string reason;  ///< for people, when the class is not none
  std::string result;  ///< bytes that the functions after it are given
};

/// Used by several threads at once.
class Callable {
 public:
  virtual ~Callable() = default;
  /// Throws nothing: what the function throws is an outcome of class error.
  [[nodiscard]] virtual CallOutcome call(const CallInput& input) = 0;
};

}  // namespace fugle::function
