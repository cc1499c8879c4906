// All attempts of a run as rows, folded from its events. Also knows the node of each worker at the time, since rank
// numbers mean other nodes in another life. Knows nothing of the graph.
//
//   RUNNING ---> OK | FAILED | CANCELLED         (its end was recorded)
//      '-------> INTERRUPTED                     (a new life began, or close(), before an end was recorded)
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "scheduler/event.hpp"

namespace fugle::report {

using graph::FailureClass;

enum class AttemptState : std::uint8_t { running, interrupted, ok, failed, cancelled };
[[nodiscard]] const char* name_of(AttemptState state);

struct Attempt {
  ElementId element;
  std::uint16_t number = 0;  ///< from 1
  AttemptState state = AttemptState::running;
  FailureClass cls = FailureClass::none;
  WorkerId worker;
  std::uint32_t node = 0;  ///< see AttemptsTable::node_of
  std::int32_t exit = 0;   ///< exit code, or minus the signal
  Time start{};
  Time end{};  ///< epoch while RUNNING or INTERRUPTED
  std::uint64_t cpu_ms = 0;
  std::uint32_t maxrss_kb = 0;
  std::uint64_t read_bytes = 0;     ///< from storage
  std::uint64_t written_bytes = 0;  ///< to storage
  std::string reason;
};

class AttemptsTable {
 public:
  void add(const scheduler::Event& event);
  /// No head runs any more: what is open was interrupted.
  void close();

  /// In the order in which they started.
  [[nodiscard]] std::span<const Attempt> attempts() const { return attempts_; }
  /// Empty when the worker never said.
  [[nodiscard]] const std::string& node_of(const Attempt& attempt) const { return nodes_[attempt.node]; }
  /// The newest attempt of an element; nullptr: none.
  [[nodiscard]] const Attempt* latest(ElementId element) const;

 private:
  Attempt& open(const scheduler::Event& event);
  void join(WorkerId worker, const std::string& node);

  std::vector<Attempt> attempts_;
  std::unordered_map<ElementId, std::size_t> latest_;  ///< position of the newest attempt
  std::vector<std::string> nodes_{""};
  std::unordered_map<WorkerId, std::uint32_t> node_of_worker_;
};

}  // namespace fugle::report
