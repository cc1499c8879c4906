// The attempts of all ranks as modelled processes: which run where, until when, what waits for whose place, and what
// there is to report. Per rank a heap of what is due, so that a poll costs what it reports. Knows nothing of messages
// or of who steps when: next_due() says when a rank has something to report.
//
// One rank starts its processes one after another, as the spawner does: each start keeps it busy for a while.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "scheduler/ports.hpp"

namespace fugle::sim {

/// How one attempt goes: decided by the model from element and attempt. Of class `launch` it does not even start.
struct Outcome {
  Duration length = std::chrono::milliseconds(10);
  scheduler::FailureClass cls = scheduler::FailureClass::none;
  int exit = 0;
  std::optional<Duration> ready_after{};  ///< of a service, if it gets ready before it ends
};

/// What starting and ending a process costs beside its own length.
struct LaunchCost {
  Duration busy{0};      ///< of the rank's spawner, which starts one at a time
  Duration overhead{0};  ///< from the start of the process to its own work, and from its end to our notice of it
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

class Processes {
 public:
  /// `begin` is asked at the start of each attempt how it will go; `ended` hears of each end, also of those that die
  /// with their rank.
  struct Hooks {
    std::function<Outcome(const SimAttempt&)> begin;
    std::function<void(const SimAttempt&, const graph::Request&)> ended;
  };
  Processes(std::uint32_t num_ranks, std::uint32_t num_elements, LaunchCost cost, Hooks hooks);

  // What the Executor port of a rank does.
  void start(std::uint32_t rank, const scheduler::Launch& launch, Time now);
  void start_after(std::uint32_t rank, const scheduler::Launch& launch, ElementId predecessor, Time now);
  void start_now(ElementId element, Time now);
  void stop(std::uint32_t rank, ElementId element, Time now);
  /// It runs and goes on as `outcome` says from now on, because a signal told it to.
  void signal(std::uint32_t rank, ElementId element, const Outcome& outcome, Time now);
  void poll(std::uint32_t rank, Time now, std::vector<scheduler::AttemptReport>& reports);

  /// When the rank has the next thing to report; kNever: nothing runs.
  [[nodiscard]] Time next_due(std::uint32_t rank) const;
  /// All that runs there dies now, unreported.
  void kill_all(std::uint32_t rank, Time now);
  /// The spawner dies with all that runs there, which is reported as lost; until it is mended nothing can be launched.
  void break_spawner(std::uint32_t rank, Time now);
  void mend_spawner(std::uint32_t rank) { ranks_[rank].is_broken = false; }
  [[nodiscard]] bool is_broken(std::uint32_t rank) const { return ranks_[rank].is_broken; }

  /// Taken by what runs on the rank.
  [[nodiscard]] const graph::Request& in_use(std::uint32_t rank) const { return ranks_[rank].in_use; }
  [[nodiscard]] std::uint64_t num_started() const { return num_started_; }
  [[nodiscard]] std::uint64_t num_ended() const { return num_ended_; }

 private:
  struct Process {
    ElementId element;
    std::uint16_t attempt = 0;
    bool is_waiting = false;  ///< for the place of `predecessor`
    bool is_stopped = false;
    std::uint32_t rank = 0;
    ElementId predecessor;
    ElementId follower;
    graph::Request granted{};
    Time start{};
    Time told{};  ///< when its start is reported
    Time ends = kNever;
    Time ready = kNever;
    scheduler::FailureClass cls = scheduler::FailureClass::none;
    std::int32_t exit = 0;
  };
  struct Due {
    Time at;
    ElementId element;
    std::uint16_t attempt;
    enum Kind : std::uint8_t { refused, started, ready, ended } kind;
    scheduler::FailureClass cls = scheduler::FailureClass::none;  ///< of what was refused
    bool operator>(const Due& other) const;
  };
  struct Rank {
    std::vector<Due> due;         ///< heap
    std::uint32_t num_stale = 0;  ///< entries of `due` that no longer hold, since something was stopped
    graph::Request in_use{0, 0, 0};
    Time spawner_free{};
    bool is_broken = false;
  };

  Process& add(std::uint32_t rank, const scheduler::Launch& launch);
  void remove(ElementId element);
  [[nodiscard]] Process* find(ElementId element);
  void begin(Process& process, Time now);
  void end(Process& process);
  void refuse(const Process& process, scheduler::FailureClass cls, Time now);
  void withdraw(Process& process, Time now);
  void forget_readiness(Process& process);
  void kill(Process& process, Time now);
  void schedule(std::uint32_t rank, const Due& due);
  void drop_stale(Rank& rank) const;
  [[nodiscard]] bool holds(const Due& due) const;
  [[nodiscard]] static SimAttempt describe(const Process& process);

  LaunchCost cost_;
  Hooks hooks_;
  std::vector<Rank> ranks_;
  std::vector<std::uint32_t> place_;  ///< [element] in processes_
  std::vector<Process> processes_;
  std::vector<std::uint32_t> free_;  ///< of processes_
  std::uint64_t num_started_ = 0;
  std::uint64_t num_ended_ = 0;
};

}  // namespace fugle::sim
