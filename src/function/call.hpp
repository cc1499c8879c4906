// One attempt of a function in this rank: prepares its files, binds the thread, calls, settles its outputs. Made by the
// thread of the Engine, run by a thread of the pool. Internal to the executor of functions.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "executor/staged_outputs.hpp"
#include "function/callable.hpp"
#include "function/party.hpp"
#include "function/value_store.hpp"
#include "graph/element_text.hpp"
#include "scheduler/attempt.hpp"

namespace fugle::function {

/// What is the same for all calls of a worker.
struct CallPlace {
  std::string run_id;
  std::string run_dir;
  JoinParty join_party{};  ///< empty: there is no MPI
  /// A line for the log of the attempt. Called by any thread.
  std::function<void(ElementId element, std::uint16_t attempt, std::string_view line)> log{};
};

struct CallResult {
  CallOutcome outcome;
  Time start{};
  Time end{};
  std::uint64_t cpu_ms = 0;  ///< of the thread that called it
};

/// Wall clock of now.
[[nodiscard]] Time call_clock();

class Call {
 public:
  Call(const CallPlace& place, const scheduler::Launch& launch, Callable& callable);

  [[nodiscard]] const graph::ElementText& text() const { return text_; }
  /// Before run(): what the functions before gave, parallel to text().results_of.
  void take_results(std::vector<Value> results) { results_ = std::move(results); }
  /// From any thread, at any time. The function may look at it.
  void cancel() { std::atomic_ref<bool>(is_cancelled_).store(true, std::memory_order_relaxed); }
  /// Whether several workers call it together.
  [[nodiscard]] bool is_party() const { return !party_.workers.empty(); }
  [[nodiscard]] bool is_abandoned() const { return fate_ == Fate::abandoned; }
  /// From now on it publishes nothing. False: it does already, and ends soon.
  [[nodiscard]] bool abandon() {
    Fate expected = Fate::open;
    return fate_.compare_exchange_strong(expected, Fate::abandoned) || expected == Fate::abandoned;
  }
  /// Blocks as long as the function runs; `on_start` is called with the time when it begins. Throws nothing.
  [[nodiscard]] CallResult run(const std::function<void(Time)>& on_start);

 private:
  enum class Fate : std::uint8_t { open, settling, abandoned };

  [[nodiscard]] CallOutcome call_with_files();
  [[nodiscard]] CallOutcome call_with_party(executor::StagedOutputs& outputs, const std::string& scratch,
                                            const CallOutcome& prepared);
  [[nodiscard]] CallOutcome call_prepared(executor::StagedOutputs& outputs, const std::string& scratch,
                                          const void* communicator);

  const CallPlace& place_;
  std::string id_;
  std::uint16_t attempt_;
  std::uint32_t index_;
  std::shared_ptr<const graph::Task> task_;
  graph::Request granted_;
  scheduler::Place leased_;
  graph::ElementText text_;
  Callable& callable_;
  ElementId element_;
  PartyWish party_{};  ///< without workers: this one alone
  std::vector<Value> results_;
  bool is_cancelled_ = false;  ///< by atomic_ref only
  std::atomic<Fate> fate_ = Fate::open;
};

}  // namespace fugle::function
