// One rank's loop body: gather what the ports have, apply and record it, then act. Holds the worker and, on rank 0,
// the head. step() never blocks and returns when it wants to be called again at the latest.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "plan/plan.hpp"
#include "scheduler/ports.hpp"
#include "topology/topology.hpp"

namespace fugle::scheduler {

class Head;
class Language;
class Outbox;
class Worker;

/// What this rank's worker may use; nothing: a head that runs no tasks.
struct WorkerOffer {
  std::string node;
  std::uint32_t pid = 0;
  std::uint32_t cores = 0;  ///< 0: not a worker
  std::uint64_t mem_bytes = 0;
  std::uint32_t gpus = 0;
  topology::Node machine;  ///< its part of the node, from which attempts get their places; no pus: nothing is bound
};

/// Given on rank 0 only.
struct HeadOptions {
  RunState* run = nullptr;  ///< replayed so far; the engine is its only user until it is destroyed
  Language* language = nullptr;  ///< says what is known only while the run goes on; null: nothing is of that kind
  Store* store = nullptr;
  plan::Plan plan;
  /// [element] seconds the plan knew, 0: it guessed, and the order is to get better during the run. Empty: knew all.
  std::vector<float> known_s;
  std::vector<float> expected_s;    ///< [element] seconds an attempt may take; 0: nobody knows. Empty: of none
  Time end_of_allocation = kNever;  ///< nothing starts that is expected to run beyond this, less `reserve`
  Duration reserve{0};
  std::function<bool(ElementId)> has_result;  ///< earlier lives left its result where rank 0's executor finds it
  std::vector<Observer*> observers;
  std::string life_text;      ///< text of the run_started event: "host pid user"
  bool retry_failed = false;  ///< a person resumed: FAILED, BLOCKED, CANCELLED are tried again
  bool fail_fast = false;     ///< the first failure stops the run
  std::vector<bool> left_out{};  ///< [element] nobody asked for it: it does not start in this life. Empty: none
  bool skip_finally = false;  ///< what is incomplete by time or preemption goes on in another job: `finally` runs there
};

class Engine {
 public:
  Engine(WorkerOffer offer, Transport& transport, Executor& executor, HeadOptions* head);
  ~Engine();

  /// Returns the next deadline: call again then, or earlier when a port has something.
  Time step(Time now);
  [[nodiscard]] bool is_done() const;
  /// Rank 0: something did not start, or was stopped, because the allocation ends.
  [[nodiscard]] bool is_out_of_time() const;
  /// Rank 0: nodes that get no more work as too much has failed there; each once.
  [[nodiscard]] std::vector<std::string> drained_nodes() const;
  /// Of the run, on rank 0 once is_done(); 0 elsewhere.
  [[nodiscard]] int exit_code() const;

  /// Rank 0: nothing new starts; what runs may end (drain), or is ended too (stop). The run will end with `exit_code`
  /// unless it is complete by then. Calling again with `stop` hardens a drain.
  enum class StopKind : std::uint8_t { drain, stop };
  void request_stop(StopKind kind, int exit_code, const std::string& why, Time now);
  /// Rank 0: the allocation ends then, earlier or later than was said before; kNever: nobody knows. A stop that its end
  /// has brought about already is not taken back.
  void set_end_of_allocation(Time end, Time now);
  /// Rank 0: as HeadOptions::skip_finally, when it is known late.
  void set_skip_finally(bool skips);
  /// This rank can start nothing any more (its executor broke): what ended is reported, what was held goes to other
  /// workers, and the rank is a worker no longer; a worker rank is done then, rank 0 goes on as head.
  void leave();
  /// Rank 0: workers that can run something, itself included.
  [[nodiscard]] std::uint32_t num_workers() const;
  /// Rank 0: `fugle cancel RUN ELEMENT`.
  void cancel_element(ElementId element, const std::string& who, Time now);
  /// Rank 0: `fugle hold`, `fugle release`. What runs already goes on.
  void hold_element(ElementId element, const std::string& who, Time now);
  void release_element(ElementId element, const std::string& who, Time now);

 private:
  void deliver(WorkerId from, const Message& message, Time now);

  Transport& transport_;
  std::unique_ptr<Outbox> outbox_;
  std::unique_ptr<Head> head_;
  std::unique_ptr<Worker> worker_;
  Transport::Incoming incoming_;
};

}  // namespace fugle::scheduler
