// The five small interfaces through which the scheduler meets the world. Declared here because the consumer knows what
// it needs; implemented in transport, executor, store, sim and report. Ports are polled and never call back. Each is
// used by the one thread that runs the Engine.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "graph/task.hpp"
#include "scheduler/attempt.hpp"
#include "scheduler/event.hpp"
#include "scheduler/message.hpp"
#include "scheduler/run_state.hpp"

namespace fugle::scheduler {

/// Time, for the outer loop alone.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Time now() = 0;
  /// Sleeps until `deadline`, or earlier when something arrived at a port, or a signal did. May return early.
  virtual void wait_until(Time deadline) = 0;
};

/// Messages between ranks. Per pair of ranks they arrive in order and at most once. The head's may bring messages of
/// workers with higher numbers than there were ranks at the start: guests, of other allocations.
class Transport {
 public:
  virtual ~Transport() = default;
  [[nodiscard]] virtual WorkerId self() const = 0;
  [[nodiscard]] virtual std::uint32_t num_ranks() const = 0;  ///< at the start
  /// Never blocks; to a lost rank it does nothing. Sending to self() is allowed and arrives at the next poll.
  virtual void send(WorkerId to, const Message& message) = 0;
  struct Incoming {
    std::vector<std::pair<WorkerId, Message>> messages;
    std::vector<WorkerId> lost;  ///< ranks that died, each reported once, after their last message
  };
  virtual void poll(Incoming& incoming) = 0;
  /// True while something sent has not left yet: the loop must not sleep.
  [[nodiscard]] virtual bool is_sending() const { return false; }
};

enum class StopReason : std::uint8_t { cancelled, shutdown };

/// Runs attempts. Every start() is answered by exactly one `started` (unless it could not be launched) and then
/// exactly one `ended` report, whatever happens. In between a service is reported `ready`, if it gets so.
class Executor {
 public:
  virtual ~Executor() = default;
  virtual void start(const Launch& launch) = 0;
  /// The same, once the attempt of `predecessor` that was started here has ended, however it ended: the place it leaves
  /// is taken without asking anybody. At once when it has ended already.
  virtual void start_after(const Launch& launch, ElementId predecessor) = 0;
  /// What waits for its predecessor starts at once. Nothing when it has started.
  virtual void start_now(ElementId element) = 0;
  /// TERM to the whole group, KILL after the task's grace; the attempt ends with class `cancelled`. Unknown: nothing.
  virtual void stop(ElementId element, StopReason reason) = 0;
  /// A signal to the whole group, which it may act upon or not. Unknown, or not started yet: nothing.
  virtual void signal(ElementId element, int signal) = 0;
  virtual void poll(std::vector<AttemptReport>& reports) = 0;

  // Attempts with several nodes: start() at the leader, host() at the others.
  /// Takes part in an attempt that another worker leads; `launch.position` is not 0. No `started`, but one `ended`
  /// report follows, once nothing of the attempt is left here: after dismiss() or stop(), or by itself (functions).
  virtual void host(const Launch&) {}
  /// The leader's part has ended: what is left of it here is ended too. Unknown: nothing.
  virtual void dismiss(ElementId) {}
  virtual void hear(const PartyWord&) {}
  virtual void poll_words(std::vector<PartyWord>&) {}

  // Results of functions. Who is to start a function asks for those that it takes and are not here.
  virtual void hear_value(const ValueWord&) {}
  virtual void poll_value_words(std::vector<ValueWord>&) {}
};

/// The journal. Appended events become durable in order, a group at a time.
class Store {
 public:
  virtual ~Store() = default;
  virtual void append(std::span<const Event> events) = 0;  ///< never blocks for long
  [[nodiscard]] virtual Sequence appended() const = 0;     ///< sequence of the last event appended, over all lives
  [[nodiscard]] virtual Sequence durable() const = 0;      ///< all events up to here survive a power cut
  virtual void flush() = 0;                                ///< blocks until durable() == appended(), or a fault
  /// Set once the store can no longer keep its promise; says what happened and what to do.
  [[nodiscard]] virtual std::optional<std::string> fault() const = 0;
  /// The fault is that another head has taken the run over: it is not ours any more.
  [[nodiscard]] virtual bool is_superseded() const { return false; }
};

/// A worker that holds elements says something at least as often; after kSilence without a word it may be hung.
inline constexpr Duration kHeartbeat = std::chrono::seconds(60);
inline constexpr Duration kSilence = 3 * kHeartbeat;

/// Where and how fast a worker is, as known to the head.
struct WorkerInfo {
  WorkerId worker;
  std::string node;
  std::uint32_t cores = 0;
  std::uint64_t mem_bytes = 0;
  std::uint32_t gpus = 0;
  bool alive = true;
  bool drained = false;            ///< gets no more work: too much has failed on its node
  std::uint64_t num_ended = 0;     ///< attempts ended there in this life
  std::uint32_t cores_in_use = 0;  ///< by attempts known to run
  Time last_heard{};               ///< or when it got its last grant, if that is later
  bool holds_elements = false;
  [[nodiscard]] bool is_silent(Time now) const { return alive && holds_elements && now - last_heard > kSilence; }
};

/// A running attempt, as known to the head.
struct RunningAttempt {
  ElementId element;
  std::uint16_t attempt;
  WorkerId worker;
  Time start;
};

/// What observers may look at besides the events. Spans are valid during the call only.
struct HeadView {
  const RunState& run;
  std::span<const WorkerInfo> workers;
  std::span<const RunningAttempt> running;
  Time now;
  Time life_started;
  Sequence appended = 0;
  Sequence durable = 0;
};

/// Reports only listen. on_events follows each batch that was applied and appended; on_tick comes at least ten times a
/// second while something changes and once a second otherwise.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void on_events(const HeadView& view, std::span<const Event> events, const Effects& effects) = 0;
  virtual void on_tick(const HeadView& view) = 0;
  /// The values that an attempt gave its metrics, before its end is applied and appended.
  virtual void on_measures(ElementId, std::uint16_t /*attempt*/, const std::string& /*measures*/) {}
  /// After the last event; everything is durable.
  virtual void on_end(const HeadView& view) { on_tick(view); }
};

}  // namespace fugle::scheduler
