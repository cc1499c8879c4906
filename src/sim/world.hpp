// A whole cluster of real Engines in one thread, under virtual time: one heap of (time, rank), delays of messages by
// distance and chance, lengths of attempts, loss of workers and crashes of the head. The same Engine, Head and Worker
// as in the real world; only the ports differ. It is the test bench (hooks run after every event) and the base of
// `simulate`. Deterministic: the same graph, plan, options and history give the same run.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/random.hpp"
#include "scheduler/engine.hpp"
#include "sim/head_load.hpp"
#include "sim/memory_store.hpp"
#include "sim/network.hpp"
#include "sim/processes.hpp"

namespace fugle::sim {

/// What things cost beside the lengths of the attempts.
struct Costs {
  Latency latency{std::chrono::microseconds(20), std::chrono::microseconds(20), std::chrono::microseconds(20),
                  std::chrono::microseconds(180)};
  LaunchCost launch{};
  HeadCost head{};
};
/// As measured on real machines, for forecasts; see bench/README.md.
[[nodiscard]] Costs measured_costs();

struct WorldOptions {
  std::vector<scheduler::WorkerOffer> workers;  ///< rank by rank; rank 0 is also the head
  std::uint32_t num_at_start = 0;               ///< the others are guests: see join(); 0: all are there
  Places places;
  std::uint64_t seed = 1;
  Costs costs;  ///< by default a fast head, no cost of launches, and messages that overtake each other
  Duration commit_interval = std::chrono::milliseconds(20);
  Duration slow_commits{0};  ///< each takes up to so much longer
  /// Of a service whose Outcome does not say when it is ready `length` is how long that takes; then it runs until it is
  /// stopped, or, when it is to fail, as long again.
  std::function<Outcome(ElementId, std::uint16_t attempt, Random&)> model;
  /// Instead of `model`: where and when it starts may matter.
  std::function<Outcome(const SimAttempt&)> model_of_attempt;
  /// How an attempt goes on that was asked to write a checkpoint and leave; without it it takes no notice.
  std::function<Outcome(ElementId)> model_of_checkpoint;
  /// How a part of an attempt with several nodes goes that a rank hosts beside the leader; without it, and without an
  /// answer, it waits until it is dismissed.
  std::function<std::optional<Outcome>(const SimAttempt&)> model_of_part;
  std::function<void(const SimAttempt&, scheduler::FailureClass)> on_part_end;  ///< such a part ended
  /// Hears of each end of an attempt and what it had, before its worker does.
  std::function<void(const SimAttempt&, const graph::Request&)> on_end;
  std::vector<float> expected_s;  ///< [element] seconds that the head is told; empty: nothing
  std::vector<float> known_s;     ///< [element] as HeadOptions::known_s
  /// Sees each message between ranks when it is sent.
  std::function<void(WorkerId from, WorkerId to, const scheduler::Message&)> on_message;
  std::vector<scheduler::Observer*> observers;
  Time end_of_allocation = kNever;
  Duration reserve{0};
  bool retry_failed = false;
  bool fail_fast = false;
  bool skip_finally = false;
  std::vector<bool> left_out{};  ///< [element] as HeadOptions::left_out
  scheduler::Language* language = nullptr;
  /// For tests: attempts and events are kept, messages go as bytes, needs are checked at every start. Without it a run
  /// of millions of elements costs a tenth of the time and memory.
  bool is_watched = true;
};

/// How much has happened.
struct WorldCounts {
  std::uint64_t steps = 0;       ///< entries taken from the heap that led to a step of an Engine
  std::uint64_t idle_steps = 0;  ///< of those, for a deadline alone: nothing had arrived, started or ended
  std::uint64_t started = 0;     ///< attempts
  std::uint64_t ended = 0;       ///< attempts
  std::uint64_t delivered = 0;   ///< messages between ranks
  std::uint64_t recorded = 0;    ///< events of the journal
  /// Of the simulation: attempts started and ended, messages delivered, deadlines that came due.
  [[nodiscard]] std::uint64_t events() const { return started + ended + delivered + idle_steps; }
};

class World {
 public:
  /// `history`: durable events of earlier lives.
  World(const graph::Graph& graph, plan::Plan plan, WorldOptions options, std::vector<scheduler::Event> history = {});
  /// The graph grows as the language says, or the history.
  World(graph::Graph& graph, plan::Plan plan, WorldOptions options, std::vector<scheduler::Event> history = {});
  ~World();

  /// Runs until the run ends, nothing is left to happen, or all up to virtual `limit` has happened. Returns the exit
  /// code when the run ended.
  std::optional<int> run(Time limit);
  /// One event of the heap; false when it is empty or the run has ended.
  bool advance();

  struct Loss {
    std::uint32_t unsent = 0;  ///< of its messages on their way these, the latest, never arrive
    Duration notice{0};        ///< the others learn of it so much later than by a message
  };
  /// The rank dies with all it runs; the head learns of it after the last message, or, when it was the head, all do.
  void lose_worker(WorkerId worker, Loss loss);
  void lose_worker(WorkerId worker) { lose_worker(worker, {}); }
  /// A guest comes, of an allocation that ends then. Nothing when it has come already, or the head is gone.
  void join(WorkerId worker, Time end = kNever);
  /// The allocation of a guest ends then. Nothing when it is not there.
  void set_tenure(WorkerId worker, Time end);
  /// The rank does nothing for a while: its node swaps. What it runs goes on, and ends.
  void pause(WorkerId worker, Duration length);
  enum class Repair : std::uint8_t { mended, leaves };
  /// The rank's spawner dies with all that runs there. Mended: the next start succeeds again; else the rank leaves.
  void break_spawner(WorkerId worker, Repair repair);
  /// The commit under way fails: nothing more becomes durable.
  void fail_store(MemoryStore::Fault fault);
  /// SIGTERM, Ctrl-C.
  void request_stop(scheduler::Engine::StopKind kind, int exit_code);
  /// Slurm says another time.
  void set_end_of_allocation(Time end);
  void set_skip_finally(bool skips);
  void cancel_element(ElementId e);
  void hold_element(ElementId e);
  void release_element(ElementId e);

  [[nodiscard]] Time now() const;
  /// Whose step was the latest.
  [[nodiscard]] WorkerId last_stepped() const;
  [[nodiscard]] bool is_alive(WorkerId worker) const;
  [[nodiscard]] std::uint32_t num_ranks() const;
  /// No rank has anything left to do.
  [[nodiscard]] bool is_still() const;
  [[nodiscard]] bool has_ended() const;
  [[nodiscard]] int exit_code() const;
  [[nodiscard]] const scheduler::RunState& state() const;
  [[nodiscard]] MemoryStore& store();
  /// In order of their starts; empty when the run is not watched.
  [[nodiscard]] const std::vector<SimAttempt>& attempts() const;
  [[nodiscard]] WorldCounts counts() const;
  /// Between leaders and members of attempts with several nodes: each leader greets each member, which answers.
  [[nodiscard]] std::uint64_t num_words_heard() const;
  /// Between ranks, losses included.
  [[nodiscard]] std::uint64_t num_messages() const;
  /// Of all messages between ranks, encoded.
  [[nodiscard]] std::uint64_t bytes_sent() const;
  /// During which the head could not react.
  [[nodiscard]] Duration head_busy() const;
  /// Aborts on: resources above what a worker offers, a part of an attempt that has ended, broken RunState. (Two live
  /// attempts of an element and, when watched, an attempt before its needs completed and a CPU given twice abort at
  /// once.) Called by tests after every advance().
  void check_invariants() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fugle::sim
