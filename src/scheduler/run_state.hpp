// What has happened so far, folded from events by apply() and by nothing else.
//
//   WAITING ---> READY ---> RUNNING ---> OK
//      |           ^           |-------> RETRY_WAIT ---> READY      (after until(), see due())
//      |           |           |-------> FAILED
//      |-------> BLOCKED, SKIPPED, CANCELLED (all it needs have answered, and that is the strongest of the answers)
//      '-------> CANCELLED (on request also from READY, RUNNING, RETRY_WAIT)
//   element_skipped, element_refused:  READY ---> SKIPPED, FAILED
//   graph_grew:                READY ---> OK, as a gate from then on; the new elements are WAITING or READY
//   hold_element:              WAITING, READY, RETRY_WAIT ---> HELD;  release_element: HELD ---> WAITING, READY, ...
//   value_lost:                OK ---> WAITING or READY (a function whose result is gone and still needed)
//   at a new life of the run:  RUNNING ---> READY
//   retry_all:                 FAILED, BLOCKED, CANCELLED, and SKIPPED by the answer of a gate ---> WAITING or READY
//                              READY ---> WAITING behind a gate that closes again
//
// A service (Task::service) is STARTING from the start of an attempt until it is ready, then RUNNING: that answers
// those that need it, its users. When a ready service is not there any more, by an end of its attempt or of the life of
// the run, users that have not started wait again:
//   of a service:              READY ---> STARTING ---> RUNNING (service_ready);  both ---> as RUNNING above
//   of its users:              READY, RETRY_WAIT ---> WAITING
//   nobody uses it any more:   WAITING, READY, RETRY_WAIT, HELD ---> SKIPPED, on request as for CANCELLED
//   retry_all, users run again:  OK, SKIPPED ---> WAITING
//
// Tasks of `finally` wait, besides for what they need, for finally_began; each life of the run has its own, so at a new
// life all their elements are WAITING again. A failure within `tolerate` answers those that need it only when its task
// has ended: then it is known that no more failed.
//
// What an element answers to those that need it is scheduler/answers.hpp. A gate passes on one answer, as its own final
// state: OK (go), SKIPPED, BLOCKED or CANCELLED. What it said stays until a person resumes; then all are asked anew.
//
// CHECKING, CACHED and EXPANDING of FORMAT.md section 8 have their places in the enumeration; the features that reach
// CHECKING and CACHED are not built yet. An expansion is EXPANDING in no event: it is READY until its elements are
// there.
//
// Work per event is O(out-degree) plus what it blocks. Knows nothing of workers' capacities, leases, messages, files.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "graph/graph.hpp"
#include "graph/service_book.hpp"
#include "scheduler/event.hpp"
#include "scheduler/growth_book.hpp"
#include "scheduler/output_book.hpp"
#include "scheduler/tolerance_book.hpp"

namespace fugle::scheduler {

using graph::Graph;

/// The value is stored in live.h5 and snapshot.h5: never renumber.
enum class State : std::uint8_t {
  waiting = 0,
  ready = 1,
  starting = 2,
  running = 3,
  checking = 4,
  retry_wait = 5,
  held = 6,
  expanding = 7,
  ok = 8,
  cached = 9,
  skipped = 10,
  blocked = 11,
  failed = 12,
  cancelled = 13,
};
inline constexpr std::size_t kNumStates = 14;
[[nodiscard]] const char* name_of(State state);  ///< "WAITING", "OK", ...
[[nodiscard]] constexpr bool is_final(State s) { return s >= State::ok; }
[[nodiscard]] constexpr bool is_live(State s) {
  return s == State::starting || s == State::running || s == State::checking;
}

/// Number of real elements (no gates) by state.
using Counts = std::array<std::uint64_t, kNumStates>;

/// What an event led to; the head acts on it.
struct Effects {
  std::vector<ElementId> ready;          ///< became READY
  std::vector<ElementId> retry_wait;     ///< entered RETRY_WAIT
  std::vector<ElementId> changed;        ///< every element whose state changed, gates included, possibly repeated
  std::vector<ElementId> closed;         ///< services, and gates, whose users wait for them again
  std::vector<ElementId> withdrawn;      ///< were READY and wait again for a service
  std::vector<ElementId> unneeded;       ///< services that nobody uses any more
  std::vector<TaskId> beyond_tolerance;  ///< more of their elements have failed than they tolerate
  void clear();
};

class RunState {
 public:
  /// All elements WAITING or READY. `seed` decides the jitter of retry delays. The graph must outlive the state.
  RunState(const Graph& graph, std::uint64_t seed);
  /// The same, and the graph grows with graph_grew. Of a const one it cannot be said: there that event does not fit.
  RunState(Graph& graph, std::uint64_t seed);

  [[nodiscard]] const Graph& graph() const { return *graph_; }
  [[nodiscard]] State state(ElementId e) const { return states_[e.value()]; }
  /// Number of the latest attempt, 0: never started.
  [[nodiscard]] std::uint16_t attempt(ElementId e) const { return attempts_[e.value()]; }
  /// Class of the latest attempt that did not end OK.
  [[nodiscard]] FailureClass failure(ElementId e) const { return failures_[e.value()]; }
  /// Of the latest attempt that has ended: exit code, or minus the signal.
  [[nodiscard]] int exit_code(ElementId e) const;
  [[nodiscard]] const Counts& counts() const { return counts_; }
  [[nodiscard]] std::uint64_t count(State s) const { return counts_[static_cast<std::size_t>(s)]; }
  /// FAILED under on_failure: ignore; contained in count(State::failed).
  [[nodiscard]] std::uint64_t num_ignored() const { return num_ignored_; }
  /// FAILED and within what their tasks tolerate, these having ended; contained in count(State::failed).
  [[nodiscard]] std::uint64_t num_tolerated() const { return tolerance_.num_tolerated(); }
  [[nodiscard]] bool counts_as_ok(ElementId e) const;
  /// What needs it has been told: it is final, and not a failure of which nobody knows yet whether it is tolerated.
  [[nodiscard]] bool has_answered(ElementId e) const;
  [[nodiscard]] const graph::ServiceBook& services() const { return services_; }
  [[nodiscard]] bool is_ready_service(ElementId e) const {
    return services_.is_service(e) && state(e) == State::running;
  }
  /// Services that are ready.
  [[nodiscard]] std::uint64_t num_ready_services() const { return num_ready_services_; }
  /// Those that need it, not its end, may start for all that it says: it counts as OK or is a service that is ready.
  [[nodiscard]] bool lets_start(ElementId e) const { return counts_as_ok(e) || is_ready_service(e); }
  /// `need` is the only one of the needs of a WAITING element that has not ended, and the others are OK. O(1).
  [[nodiscard]] bool waits_only_for(ElementId e, ElementId need) const {
    return unanswered_[e.value()] == 1 && verdicts_[e.value()] == State::ok && !is_final(state(need));
  }
  /// What elements gave their outputs that are no files.
  [[nodiscard]] const OutputBook& outputs() const { return outputs_; }
  [[nodiscard]] bool can_grow() const { return growing_graph_ != nullptr; }
  [[nodiscard]] const GrowthBook& growth() const { return growth_; }
  [[nodiscard]] std::vector<TaskId> tasks_beyond_tolerance() const { return tolerance_.tasks_beyond(); }
  /// When an element in RETRY_WAIT becomes READY again.
  [[nodiscard]] Time retry_at(ElementId e) const;
  /// True when every real element is final.
  [[nodiscard]] bool is_complete() const;
  /// The same of all but the tasks of `finally`.
  [[nodiscard]] bool is_main_complete() const { return num_main_left_ == 0; }
  [[nodiscard]] bool has_finally() const { return !finally_.empty(); }
  [[nodiscard]] bool has_finally_begun() const { return has_finally_begun_; }
  [[nodiscard]] std::span<const State> states() const { return states_; }
  [[nodiscard]] std::span<const std::uint16_t> attempts() const { return attempts_; }
  /// 0 until a stop was requested in this life, else the exit code it asked for.
  [[nodiscard]] int stop_code() const { return stop_code_; }
  [[nodiscard]] std::uint32_t num_lives() const { return num_lives_; }

  /// The delay chosen after `attempt` failed: delay x backoff^(used retries), at most max_delay, +- jitter.
  [[nodiscard]] Duration retry_delay(ElementId e) const;
  /// Of its task's own budget.
  [[nodiscard]] std::uint16_t retries_used(ElementId e) const { return retries_used_[e.value()]; }

  /// Whole-structure check for tests and the simulator: aborts on the first broken invariant.
  void check_invariants() const;

 private:
  friend void apply(RunState& run, const Event& event, Effects& effects);
  friend void make_due(RunState& run, ElementId e, Effects& effects);

  void find_finally(std::uint32_t first);
  void set(ElementId e, State next, Effects& effects);
  void count_for_task(ElementId e, State before, State after);
  void count_failure(ElementId e, int change);
  void start_attempt(const Event& event, Effects& effects);
  void end_attempt(const Event& event, Effects& effects);
  void fail(ElementId e, const Event& event, Effects& effects);
  [[nodiscard]] State answer_to(ElementId need, ElementId below) const;
  [[nodiscard]] bool has_answered_to(ElementId need, ElementId below) const;
  [[nodiscard]] bool answers_now(ElementId above, ElementId below) const;
  void take_answer(ElementId below, State answer);
  void settle(ElementId e, std::vector<ElementId>& ended, Effects& effects);
  void tell_of_start(ElementId e, Effects& effects);
  [[nodiscard]] bool takes_back(ElementId gate) const;
  [[nodiscard]] bool close_gate(ElementId gate, Effects& effects);
  [[nodiscard]] bool is_skipped_by_answer(ElementId e) const;
  void skip(ElementId e, Effects& effects);
  void refuse(ElementId e, Effects& effects);
  void take_growth(const Event& event, Effects& effects);
  void grow(ElementId expansion, graph::Growth growth, Effects& effects);
  void become_ready(const Event& event, Effects& effects);
  void close(ElementId service, Effects& effects);
  void close_users(ElementId above, std::vector<ElementId>& closed, Effects& effects);
  void make_startable(ElementId e, Effects& effects);
  [[nodiscard]] bool may_never_start_again(ElementId e);
  void end_what_is_not_live(ElementId e, Effects& effects);
  void run_services_again(Effects& effects);
  void answer_all(std::vector<ElementId> ended, Effects& effects);
  void answer_dependents(ElementId e, Effects& effects);
  [[nodiscard]] std::vector<ElementId> who_answers(ElementId ended, Effects& effects);
  void answer_successors(ElementId e, std::vector<ElementId>& ended, Effects& effects);
  [[nodiscard]] bool waits_for_finally(ElementId e) const;
  [[nodiscard]] bool is_function(ElementId e) const;
  [[nodiscard]] bool waits_for_value(ElementId e);
  [[nodiscard]] bool runs_again(ElementId need) const;
  void lose_value(ElementId e, Effects& effects);
  void hold(ElementId e, Effects& effects);
  void let_go(ElementId e, Effects& effects);
  void begin_finally(Effects& effects);
  void begin_life(Effects& effects);
  void retry_everything(Effects& effects);
  void ask_gates_again(Effects& effects);
  void recount_needs(Effects& effects, std::uint32_t first = 0);
  void recount_answers(ElementId e);
  void decide(ElementId e, Effects& effects);
  [[nodiscard]] std::uint32_t count_unanswered(ElementId e) const;

  const Graph* graph_;
  Graph* growing_graph_ = nullptr;
  std::uint64_t seed_;
  ToleranceBook tolerance_;
  graph::ServiceBook services_;
  OutputBook outputs_;
  GrowthBook growth_;
  std::vector<State> states_;
  std::vector<FailureClass> failures_;
  std::map<ElementId, int> exit_codes_;  ///< of those that were not 0
  std::vector<std::uint16_t> attempts_;
  std::vector<std::uint16_t> retries_used_;  ///< of the task's own budget, since the last retry_all
  std::vector<std::uint8_t> infra_used_;
  std::vector<std::uint32_t> unanswered_;             ///< needs that have not answered yet
  std::vector<State> verdicts_;                       ///< of the answers so far: ok, skipped, blocked or cancelled
  std::vector<std::pair<ElementId, Time>> retry_at_;  ///< sorted by element; few
  std::vector<ElementId> finally_;                    ///< elements of `finally`, and gates among them
  std::vector<bool> is_finally_;                      ///< [element] it is one of those
  Counts counts_{};
  std::uint64_t num_ignored_ = 0;
  std::uint64_t num_ready_services_ = 0;
  std::uint64_t num_main_left_ = 0;
  bool has_finally_begun_ = false;
  bool was_resumed_ = false;  ///< by a person: what has run may be older than what it needs
  std::uint32_t num_lives_ = 0;
  int stop_code_ = 0;
};

/// The one way in which a RunState changes. Events that do not fit the state are bugs and abort.
void apply(RunState& run, const Event& event, Effects& effects);

/// RETRY_WAIT -> READY, called by the head when retry_at() has come. Not journalled: time passing is not a fact.
void make_due(RunState& run, ElementId e, Effects& effects);

}  // namespace fugle::scheduler
