// What a run must do, said a second time and as naively as possible: a small
// model that shares no code with RunState. It hears of the journal as an
// observer of the head, and of the attempts from the simulated world, which
// knows what really ran. It throws BrokenRule at the first contradiction. It
// stays over all lives of a run, and knows what was acknowledged: what was
// durable, or the run's exit code after it had ended.
//
// Beside the model a second RunState is replayed from the journal, event by
// event: replay is restart, so it must at all times be what the head has, and
// each of its transitions must be in the table of FORMAT.md section 8.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "scheduler/ports.hpp"
#include "sim/processes.hpp"

namespace fugle::sim {

struct BrokenRule : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class RunModel final : public scheduler::Observer {
 public:
  using State = scheduler::State;
  using Event = scheduler::Event;
  using EventKind = scheduler::EventKind;
  using FailureClass = scheduler::FailureClass;

  explicit RunModel(const graph::Graph& graph) : graph_(graph), is_acknowledged_(graph.num_elements(), false) {}

  /// A life begins with what survived of the journal.
  void begin_life(const std::vector<Event>& history, std::uint64_t seed) {
    rule(history.size() >= durable_, "durable events are gone");
    rule(std::equal(history.begin(), history.end(), events_.begin()), "the journal is not what was appended");
    events_.clear();
    durable_ = 0;
    elements_.assign(graph_.num_elements(), {});
    truth_.assign(graph_.num_elements(), {});
    beyond_.assign(graph_.num_tasks(), false);
    has_finally_begun_ = false;
    num_lives_ = 0;
    settle();
    replay_.emplace(graph_, seed);
    is_replaying_ = true;
    for (const Event& event : history) follow(event);
    is_replaying_ = false;
    acknowledge(history.size());
    for (std::uint32_t e = 0; e < elements_.size(); ++e)
      rule(!is_acknowledged_[e] || elements_[e].state == State::ok, "an acknowledged completion is lost", ElementId(e));
  }

  /// Of the life that has begun.
  void look_after(const scheduler::Store& store) { store_ = &store; }

  // ---- what the world knows

  void on_start(const SimAttempt& attempt) {
    Truth& truth = truth_[attempt.element.value()];
    rule(!truth.is_live, "two live attempts", attempt.element);
    truth = {attempt.attempt, attempt.worker, true, false, truth.failed_part};
    const State state = elements_[attempt.element.value()].state;
    rule(!scheduler::is_final(state), "what has ended is started again", attempt.element);
    rule(is_finally(attempt.element) == has_finally_begun_, "started outside its part of the run", attempt.element);
    for (const ElementId need : graph_.real_needs(attempt.element))
      rule(truth_[need.value()].has_completed || counts_as_ok(need), "started before its needs", attempt.element);
  }

  void on_end(const SimAttempt& attempt) {
    Truth& truth = truth_[attempt.element.value()];
    rule(truth.is_live && truth.attempt == attempt.attempt, "an end without a start", attempt.element);
    truth.is_live = false;
    truth.has_completed = attempt.completed;
  }

  /// Another rank than the leader's says that its part of the attempt failed.
  void on_failed_part(ElementId e, std::uint16_t attempt) { truth_[e.value()].failed_part = attempt; }

  void on_message(WorkerId to, const scheduler::Message& message) {
    const auto* const grant = std::get_if<scheduler::Grant>(&message);
    if (grant == nullptr) return;
    rule(!store_->fault(), "work is granted though the journal has failed");
    rule(!is_drained_.contains(to), "a drained worker gets work");
    for (const scheduler::LeasedElement& leased : grant->elements) {
      const State state = elements_[leased.element.value()].state;
      const bool may_start = is_finally(leased.element) ? may_grant_finally_ : may_grant_main_;
      rule(may_start, "granted while the run stops", leased.element);
      rule(!is_given_up(leased.element), "granted though one of its task has failed (fail_fast)", leased.element);
      rule(state == State::ready || state == State::waiting || state == State::retry_wait, "granted in a wrong state",
           leased.element);
    }
  }

  // ---- what the head says

  void on_events(const scheduler::HeadView& view, std::span<const Event> events, const scheduler::Effects&) override {
    for (const Event& event : events) follow(event);
    compare(view);
    look_at_store(view);
  }

  void on_tick(const scheduler::HeadView& view) override { look_at_store(view); }

  void on_end(const scheduler::HeadView& view) override {
    compare(view);
    look_at_store(view);
    has_ended_ = true;
  }

  /// After the end of a life that nobody cut short.
  void check_end(int exit_code, const scheduler::Store& store) {
    rule(has_ended_, "the run has ended without a last view");
    if (store.fault()) {
      rule(exit_code == (store.is_superseded() ? 5 : 3), "exit code of a run whose journal failed", exit_code);
    } else {
      rule(store.durable() == store.appended(), "an exit code before all is durable");
      rule(events_.back().kind == EventKind::run_ended && events_.back().exit == exit_code,
           "the journal does not end with the exit code");
      check_exit_code(exit_code);
    }
    for (std::uint32_t e = 0; e < truth_.size(); ++e) {
      const Truth& truth = truth_[e];
      rule(!stops_.empty() || store.fault() || graph_.is_gate(ElementId(e)) || !is_given_up(ElementId(e)) ||
               scheduler::is_final(elements_[e].state),
           "of a task with fail_fast some are left", ElementId(e));
      rule(!truth.is_live, "an attempt runs though the run has ended", ElementId(e));
      const bool was_told = !is_worker_lost_.contains(truth.worker) && truth.failed_part != truth.attempt;
      rule(!truth.has_completed || !was_told || elements_[e].state == State::ok, "a completion was dropped",
           ElementId(e));
    }
  }

  /// After a crash: all workers have noticed and left.
  void check_nothing_runs() const {
    for (std::uint32_t e = 0; e < truth_.size(); ++e)
      rule(!truth_[e].is_live, "an attempt outlives the head", ElementId(e));
  }

  /// A person wanted its end; the life has ended by itself.
  void check_cancelled(ElementId e) const {
    rule(graph_.is_gate(e) || scheduler::is_final(elements_[e.value()].state), "a wish to cancel was forgotten", e);
  }

  [[nodiscard]] bool is_complete() const {
    return std::all_of(elements_.begin(), elements_.end(),
                       [](const Element& e) { return scheduler::is_final(e.state); });
  }
  /// Elements other than of `finally` that ended OK twice: what has ended is
  /// not done again.
  [[nodiscard]] std::uint32_t num_repeated() const {
    std::vector<std::uint32_t> times(graph_.num_elements(), 0);
    for (const Event& event : events_)
      if (event.kind == EventKind::attempt_ended && event.cls == FailureClass::none && !is_finally(event.element))
        ++times[event.element.value()];
    return static_cast<std::uint32_t>(std::count_if(times.begin(), times.end(), [](auto n) { return n > 1; }));
  }
  /// Elements that have not ended, and their states.
  [[nodiscard]] std::string describe_what_is_left() const {
    std::string text;
    for (std::uint32_t e = 0; e < elements_.size(); ++e)
      if (!scheduler::is_final(elements_[e].state)) text += " " + name_of(ElementId(e));
    return text;
  }
  [[nodiscard]] const std::vector<Event>& events() const { return events_; }

 private:
  struct Element {
    State state = State::waiting;
    std::uint16_t attempt = 0;
    std::uint32_t retries_used = 0;
    std::uint32_t infra_used = 0;
    bool is_tolerated = false;
    Time retry_not_before{};
  };
  struct Truth {
    std::uint16_t attempt = 0;
    WorkerId worker;
    bool is_live = false;
    bool has_completed = false;
    std::uint16_t failed_part = 0;  ///< of which attempt; it may fail before the leader has started
  };

  template <class... Subject>
  void rule(bool holds, const char* text, Subject... subject) const {
    if (!holds) throw BrokenRule(text + (std::string() + ... + (": " + name_of(subject))));
  }
  [[nodiscard]] std::string name_of(ElementId e) const {
    return std::string(graph_.id(e)) + " (" + scheduler::name_of(elements_[e.value()].state) + ")";
  }
  [[nodiscard]] std::string describe_needs(ElementId e) const {
    std::string text = "needs";
    for (const ElementId need : graph_.real_needs(e)) text += " " + name_of(need);
    return text;
  }
  [[nodiscard]] static std::string name_of(int number) { return std::to_string(number); }
  [[nodiscard]] static std::string name_of(const char* text) { return text; }

  // ---- the rules of the states (FORMAT.md section 8)

  [[nodiscard]] bool is_finally(ElementId e) const { return graph_.task_of(e).runs_finally; }
  [[nodiscard]] bool is_ignored(ElementId e) const { return graph_.task_of(e).on_failure == graph::OnFailure::ignore; }
  [[nodiscard]] bool counts_as_ok(ElementId e) const {
    const Element& element = elements_[e.value()];
    return element.state == State::ok || (element.state == State::failed && (is_ignored(e) || element.is_tolerated));
  }
  /// A failure of a task that tolerates some answers when all of the task have
  /// ended, or too many have failed.
  [[nodiscard]] bool has_answered(ElementId e) const {
    const Element& element = elements_[e.value()];
    if (element.state != State::failed || is_ignored(e)) return scheduler::is_final(element.state);
    return !graph_.task_of(e).tolerate.is_given() || element.is_tolerated || beyond_[graph_.task_id_of(e).value()];
  }

  /// One of its task has failed, and that was enough.
  [[nodiscard]] bool is_given_up(ElementId e) const {
    const graph::Task& task = graph_.task_of(e);
    if (!task.fail_fast || task.tolerate.is_given() || is_ignored(e)) return false;
    for (std::uint32_t i = 0; i < elements_.size(); ++i)
      if (elements_[i].state == State::failed && graph_.task_of(ElementId(i)).name == task.name) return true;
    return false;
  }

  void settle_tolerance() {
    std::vector<std::uint32_t> size(graph_.num_tasks(), 0), left(size), failed(size);
    for (std::uint32_t e = 0; e < elements_.size(); ++e) {
      const std::uint32_t t = graph_.task_id_of(ElementId(e)).value();
      ++size[t];
      left[t] += scheduler::is_final(elements_[e].state) ? 0 : 1;
      failed[t] += elements_[e].state == State::failed && !is_ignored(ElementId(e)) ? 1 : 0;
    }
    for (std::uint32_t t = 0; t < graph_.num_tasks(); ++t) {
      const graph::Tolerance& tolerate = graph_.task(TaskId(t)).tolerate;
      if (!tolerate.is_given()) continue;
      if (failed[t] > tolerate.limit(size[t])) beyond_[t] = true;
      if (left[t] > 0 || beyond_[t]) continue;
      for (std::uint32_t e = 0; e < elements_.size(); ++e)
        if (graph_.task_id_of(ElementId(e)).value() == t && elements_[e].state == State::failed &&
            !is_ignored(ElementId(e)))
          elements_[e].is_tolerated = true;
    }
  }

  /// Until nothing changes: what waits and whose needs have all answered is
  /// decided.
  void settle() {
    for (bool has_changed = true; has_changed;) {
      has_changed = false;
      settle_tolerance();
      for (std::uint32_t i = 0; i < elements_.size(); ++i) {
        const ElementId e(i);
        if (elements_[i].state != State::waiting || (is_finally(e) && !has_finally_begun_)) continue;
        State verdict = graph_.is_gate(e) ? State::ok : State::ready;
        bool is_decided = true;
        for (const std::uint32_t n : graph_.needs(e)) {
          const ElementId need(n);
          is_decided = is_decided && has_answered(need);
          if (counts_as_ok(need) || verdict == State::cancelled) continue;
          verdict = elements_[n].state == State::cancelled ? State::cancelled : State::blocked;
        }
        if (!is_decided) continue;
        elements_[i].state = verdict;
        has_changed = true;
      }
    }
  }

  void begin(const Event& event) {
    Element& element = elements_[event.element.value()];
    rule(element.state == State::ready || element.state == State::retry_wait, "started in a wrong state",
         event.element);
    rule(event.start >= element.retry_not_before, "a retry came too early", event.element);
    rule(event.attempt > element.attempt, "attempt numbers must rise", event.element);
    element.attempt = event.attempt;
    element.state = State::running;
  }

  void end(const Event& event) {
    Element& element = elements_[event.element.value()];
    if (element.state != State::running) begin(event);
    rule(element.attempt == event.attempt, "the end of another attempt", event.element);
    check_against_the_world(event);
    const graph::RetryPolicy& retries = graph_.task_of(event.element).retries;
    const bool is_infra =
        event.cls == FailureClass::launch || event.cls == FailureClass::node_fail || event.cls == FailureClass::lost;
    if (event.cls == FailureClass::none) {
      element.state = State::ok;
    } else if (event.cls == FailureClass::cancelled) {
      element.state = State::cancelled;
    } else if (event.cls == FailureClass::preempted) {
      element.state = State::ready;
    } else if (is_infra) {
      const bool may_retry = element.infra_used < graph_.limits().max_infra_retries;
      element.state = may_retry ? State::ready : State::failed;
      element.infra_used += may_retry ? 1 : 0;
    } else if (element.retries_used < retries.max && retries.covers(event.cls, event.exit)) {
      const double factor = std::pow(retries.backoff, element.retries_used);
      const double delay_s = std::min(to_seconds(retries.delay) * factor, to_seconds(retries.max_delay));
      element.retry_not_before = event.end + from_seconds(delay_s * (1 - retries.jitter)) - Duration(1);
      ++element.retries_used;
      element.state = State::retry_wait;
    } else {
      element.state = State::failed;
    }
    settle();
  }

  /// The events of earlier lives are about another world.
  void check_against_the_world(const Event& event) const {
    const Truth& truth = truth_[event.element.value()];
    if (is_replaying_) return;
    if (event.cls == FailureClass::none)
      rule(truth.has_completed && truth.attempt == event.attempt && truth.worker == event.worker,
           "recorded as OK but did not complete", event.element);
    rule(!truth.is_live || truth.attempt != event.attempt, "recorded as ended but runs", event.element);
  }

  void begin_new_life() {
    if (++num_lives_ > 1)
      for (Element& element : elements_)
        if (element.state == State::running) element.state = State::ready;
    may_grant_main_ = true;
    may_grant_finally_ = false;
    is_worker_lost_.clear();
    is_drained_.clear();
    node_of_.clear();
    stops_.clear();
    has_ended_ = false;
    if (std::exchange(has_finally_begun_, false)) {
      for (std::uint32_t e = 0; e < elements_.size(); ++e)
        if (is_finally(ElementId(e)) || stands_for_finally(ElementId(e)))
          elements_[e].state = State::waiting, elements_[e].retry_not_before = {};
    }
    settle();
  }

  [[nodiscard]] bool stands_for_finally(ElementId e) const {
    if (!graph_.is_gate(e)) return false;
    const auto needs = graph_.needs(e);
    return std::any_of(needs.begin(), needs.end(), [&](std::uint32_t n) { return is_finally(ElementId(n)); });
  }

  void try_everything_again() {
    for (std::uint32_t i = 0; i < elements_.size(); ++i) {
      Element& element = elements_[i];
      element.retries_used = 0;
      element.infra_used = 0;
      const bool is_bad = element.state == State::failed && !counts_as_ok(ElementId(i));
      if (is_bad || element.state == State::blocked || element.state == State::cancelled) {
        element.state = State::waiting;
        element.retry_not_before = {};
      }
    }
    beyond_.assign(graph_.num_tasks(), false);
    settle();
  }

  void change(const Event& event) {
    Element* const element = event.element.is_valid() ? &elements_[event.element.value()] : nullptr;
    switch (event.kind) {
      case EventKind::run_started: return begin_new_life();
      case EventKind::retry_all: return try_everything_again();
      case EventKind::worker_joined: node_of_.emplace_back(event.worker, event.text); return;
      case EventKind::worker_lost: is_worker_lost_.insert(event.worker); return;
      case EventKind::attempt_started: return begin(event);
      case EventKind::attempt_ended: return end(event);
      case EventKind::cancel_element:
        if (scheduler::is_final(element->state) || element->state == State::running) return;
        element->state = State::cancelled;
        return settle();
      case EventKind::hold_element:
        if (element->state == State::waiting || element->state == State::ready || element->state == State::retry_wait)
          element->state = State::held;
        return;
      case EventKind::release_element:
        if (element->state != State::held) return;
        element->state = State::waiting;
        element->retry_not_before = {};
        return settle();
      case EventKind::stop_requested:
        (has_finally_begun_ ? may_grant_finally_ : may_grant_main_) = false;
        stops_.insert(event.exit);
        return;
      case EventKind::service_ready: return rule(false, "a service where there is none", event.element);
      case EventKind::finally_began:
        has_finally_begun_ = true;
        may_grant_main_ = false;
        may_grant_finally_ = true;
        return settle();
      case EventKind::node_drained: return drain(event.worker);
      case EventKind::value_lost: return rule(false, "a result is lost, and there are no functions");
      case EventKind::element_skipped:
      case EventKind::element_refused:
      case EventKind::graph_grew: return rule(false, "something is decided, and there is nothing open", event.element);
      case EventKind::output_given: return rule(false, "an output is given, and there are none", event.element);
      case EventKind::none:
      case EventKind::run_ended: return;
    }
  }

  void drain(WorkerId one) {
    const auto first = std::find_if(node_of_.begin(), node_of_.end(), [&](const auto& w) { return w.first == one; });
    rule(first != node_of_.end(), "a worker that never joined is drained");
    for (const auto& [worker, node] : node_of_)
      if (node == first->second) is_drained_.insert(worker);
  }

  // ---- against the head

  void follow(const Event& event) {
    events_.push_back(event);
    change(event);
    const std::vector<State> before(replay_->states().begin(), replay_->states().end());
    scheduler::Effects effects;
    apply(*replay_, event, effects);
    check_transitions(event, before, effects);
  }

  /// States that may follow each other, as far as they are built. By an event
  /// of a new life or a resume more may.
  [[nodiscard]] static bool may_follow(State from, State to) {
    switch (from) {
      case State::waiting:
        return to == State::ready || to == State::blocked || to == State::cancelled || to == State::held;
      case State::ready: return to == State::running || to == State::held || to == State::cancelled;
      case State::held:
        return to == State::waiting || to == State::ready || to == State::retry_wait || to == State::cancelled;
      case State::running:
        return to == State::ok || to == State::ready || to == State::retry_wait || to == State::failed ||
               to == State::cancelled;
      case State::retry_wait:
        return to == State::ready || to == State::held || to == State::failed || to == State::cancelled;
      default: return false;
    }
  }

  /// Whether at most so many legal transitions lead from one state to the
  /// other.
  [[nodiscard]] static bool is_reachable(State from, State to, std::size_t steps) {
    if (from == to || steps == 0) return from == to;
    for (std::size_t s = 0; s < scheduler::kNumStates; ++s)
      if (may_follow(from, static_cast<State>(s)) && is_reachable(static_cast<State>(s), to, steps - 1)) return true;
    return false;
  }

  void check_transitions(const Event& event, const std::vector<State>& before, const scheduler::Effects& effects) {
    if (event.kind == EventKind::run_started || event.kind == EventKind::retry_all) return;
    for (std::uint32_t e = 0; e < before.size(); ++e) {
      const State after = replay_->state(ElementId(e));
      if (before[e] == after || graph_.is_gate(ElementId(e))) continue;
      const auto steps = std::count(effects.changed.begin(), effects.changed.end(), ElementId(e));
      rule(steps > 0, "a state changed and nobody was told", ElementId(e));
      rule(is_reachable(before[e], after, static_cast<std::size_t>(steps)), "no legal way to this state", ElementId(e),
           scheduler::name_of(before[e]), scheduler::name_of(after));
    }
  }

  /// That a retry is due is no event: only the head knows.
  [[nodiscard]] static State without_due(State head, State ours) {
    return head == State::ready && ours == State::retry_wait ? State::retry_wait : head;
  }

  void compare(const scheduler::HeadView& view) {
    for (std::uint32_t i = 0; i < elements_.size(); ++i) {
      const ElementId e(i);
      const State head = without_due(view.run.state(e), elements_[i].state);
      if (head != elements_[i].state)
        rule(false, "the head sees it otherwise", e, scheduler::name_of(head), describe_needs(e).c_str());
      rule(head != State::retry_wait || view.run.state(e) == head || view.now >= elements_[i].retry_not_before,
           "a retry is due too early", e);
      rule(view.run.attempt(e) == elements_[i].attempt, "the head counts other attempts", e);
      rule(view.run.counts_as_ok(e) == counts_as_ok(e), "the head sees another verdict", e);
      rule(without_due(view.run.state(e), replay_->state(e)) == replay_->state(e), "a replay gives another state", e);
    }
    compare_running(view);
  }

  void compare_running(const scheduler::HeadView& view) const {
    std::set<ElementId> running;
    for (const scheduler::RunningAttempt& attempt : view.running) {
      rule(running.insert(attempt.element).second, "runs twice, says the head", attempt.element);
      rule(elements_[attempt.element.value()].state == State::running, "runs, says the head only", attempt.element);
    }
    for (std::uint32_t e = 0; e < elements_.size(); ++e)
      rule(elements_[e].state != State::running || running.contains(ElementId(e)), "RUNNING, but the head forgot it",
           ElementId(e));
    for (const scheduler::WorkerInfo& worker : view.workers)
      rule(worker.cores_in_use <= worker.cores, "the head counts more cores in use than there are");
  }

  void look_at_store(const scheduler::HeadView& view) {
    rule(view.appended == events_.size(), "the store has other events");
    rule(view.durable >= durable_ && view.durable <= view.appended, "what is durable is not a growing part");
    acknowledge(view.durable);
  }

  void acknowledge(scheduler::Sequence durable) {
    for (; durable_ < durable; ++durable_) {
      const Event& event = events_[durable_];
      if (event.kind == EventKind::attempt_ended && event.cls == FailureClass::none && !is_finally(event.element))
        is_acknowledged_[event.element.value()] = true;
    }
  }

  void check_exit_code(int exit_code) const {
    bool is_complete = true, is_bad = false;
    for (std::uint32_t i = 0; i < elements_.size(); ++i) {
      const ElementId e(i);
      if (graph_.is_gate(e)) continue;
      is_complete = is_complete && scheduler::is_final(elements_[i].state);
      is_bad = is_bad || (scheduler::is_final(elements_[i].state) && !counts_as_ok(e));
    }
    if (is_complete && !is_bad) return rule(exit_code == 0, "all is well, but the exit code is", exit_code);
    if (!stops_.empty()) return rule(stops_.contains(exit_code), "the exit code is not what the stop said", exit_code);
    if (is_complete) return rule(exit_code == 1, "something failed, but the exit code is", exit_code);
    rule(exit_code == 4 || (exit_code == 3 && has_nobody_left()), "incomplete, but the exit code is", exit_code,
         events_.back().text.c_str());
  }

  [[nodiscard]] bool has_nobody_left() const {
    return std::all_of(node_of_.begin(), node_of_.end(),
                       [&](const auto& worker) { return is_worker_lost_.contains(worker.first); });
  }

  const graph::Graph& graph_;
  std::vector<Event> events_;  ///< of all lives
  scheduler::Sequence durable_ = 0;
  std::vector<bool> is_acknowledged_;  ///< [element]
  std::vector<Element> elements_;
  std::vector<Truth> truth_;  ///< [element] of this life
  std::vector<bool> beyond_;  ///< [task] more failed than are tolerated
  std::optional<scheduler::RunState> replay_;
  const scheduler::Store* store_ = nullptr;
  std::set<WorkerId> is_worker_lost_;
  std::set<WorkerId> is_drained_;
  std::vector<std::pair<WorkerId, std::string>> node_of_;
  std::set<int> stops_;
  std::uint32_t num_lives_ = 0;
  bool has_finally_begun_ = false;
  bool may_grant_main_ = false;
  bool may_grant_finally_ = false;
  bool has_ended_ = false;
  bool is_replaying_ = false;
};

}  // namespace fugle::sim
