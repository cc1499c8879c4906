// A whole cluster of real Engines in one thread, under virtual time: one heap of (time, sequence), seeded delays of
// messages and lengths of attempts, loss of workers and crashes of the head. The same Engine, Head and Worker as in the
// real world; only the ports differ. It is the test bench (hooks run after every event) and the base of `simulate`.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/random.hpp"
#include "scheduler/engine.hpp"
#include "sim/memory_store.hpp"

namespace fugle::sim {

/// How one attempt goes: decided by the model from element and attempt.
struct Outcome {
  Duration length = std::chrono::milliseconds(10);
  scheduler::FailureClass cls = scheduler::FailureClass::none;
  int exit = 0;
};

struct WorldOptions {
  std::vector<scheduler::WorkerOffer> workers;  ///< rank by rank; rank 0 is also the head
  std::uint64_t seed = 1;
  Duration min_delay = std::chrono::microseconds(20);  ///< of a message between ranks
  Duration max_delay = std::chrono::microseconds(200);
  Duration commit_interval = std::chrono::milliseconds(20);
  std::function<Outcome(ElementId, std::uint16_t attempt, Random&)> model;
  bool retry_failed = false;
  bool fail_fast = false;
};

/// What happened to an attempt, as the world saw it: for checks against what the head believes.
struct SimAttempt {
  ElementId element;
  std::uint16_t attempt = 0;
  WorkerId worker;
  Time start{};
  Time end = kNever;       ///< kNever: still running
  bool completed = false;  ///< ended by itself, not killed with its worker
};

class World {
 public:
  /// `history`: durable events of earlier lives.
  World(const graph::Graph& graph, plan::Plan plan, WorldOptions options, std::vector<scheduler::Event> history = {});
  ~World();

  /// Runs until the run ends, nothing is left to happen, or virtual `limit`. Returns the exit code when the run ended.
  std::optional<int> run(Time limit);
  /// One event of the heap; false when it is empty or the run has ended.
  bool advance();

  /// The worker dies with all it runs; the others learn of it after a message delay.
  void lose_worker(WorkerId worker);
  /// SIGTERM, Ctrl-C.
  void request_stop(scheduler::Engine::StopKind kind, int exit_code);
  void cancel_element(ElementId e);

  [[nodiscard]] Time now() const;
  [[nodiscard]] bool has_ended() const;
  [[nodiscard]] int exit_code() const;
  [[nodiscard]] const scheduler::RunState& state() const;
  [[nodiscard]] MemoryStore& store();
  [[nodiscard]] const std::vector<SimAttempt>& attempts() const;
  [[nodiscard]] std::uint64_t num_messages() const;
  /// Of all messages between ranks, encoded.
  [[nodiscard]] std::uint64_t bytes_sent() const;
  /// Aborts on: two live attempts of an element, resources above what a worker offers, an attempt before its needs
  /// completed, broken RunState. Called by tests after every advance().
  void check_invariants() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fugle::sim
