#include "scheduler/run_state.hpp"

#include <algorithm>
#include <cmath>

#include "base/assert.hpp"
#include "base/random.hpp"

namespace fugle::scheduler {

const char* name_of(State state) {
  switch (state) {
    case State::waiting: return "WAITING";
    case State::ready: return "READY";
    case State::starting: return "STARTING";
    case State::running: return "RUNNING";
    case State::checking: return "CHECKING";
    case State::retry_wait: return "RETRY_WAIT";
    case State::held: return "HELD";
    case State::expanding: return "EXPANDING";
    case State::ok: return "OK";
    case State::cached: return "CACHED";
    case State::skipped: return "SKIPPED";
    case State::blocked: return "BLOCKED";
    case State::failed: return "FAILED";
    case State::cancelled: return "CANCELLED";
  }
  return "unknown";
}

void Effects::clear() {
  ready.clear();
  retry_wait.clear();
  changed.clear();
  closed.clear();
  withdrawn.clear();
  unneeded.clear();
  beyond_tolerance.clear();
}

RunState::RunState(const Graph& graph, std::uint64_t seed)
    : graph_(&graph), seed_(seed), tolerance_(graph), services_(graph) {
  const std::size_t n = graph.num_elements();
  states_.assign(n, State::waiting);
  failures_.assign(n, FailureClass::none);
  attempts_.assign(n, 0);
  retries_used_.assign(n, 0);
  infra_used_.assign(n, 0);
  unanswered_.assign(n, 0);
  verdicts_.assign(n, State::ok);
  counts_[static_cast<std::size_t>(State::waiting)] = graph.num_real_elements();
  find_finally(0);
  const auto is_main = [&](ElementId e) { return !graph.is_gate(e) && !graph.task_of(e).runs_finally; };
  for (std::uint32_t i = 0; i < n; ++i) num_main_left_ += is_main(ElementId(i)) ? 1 : 0;
  Effects ignored;
  recount_needs(ignored);
}

RunState::RunState(Graph& graph, std::uint64_t seed) : RunState(static_cast<const Graph&>(graph), seed) {
  growing_graph_ = &graph;
}

/// Among the elements from `first` on. Gates come after what they stand for.
void RunState::find_finally(std::uint32_t first) {
  is_finally_.resize(states_.size(), false);
  for (std::uint32_t i = first; i < states_.size(); ++i) {
    const ElementId e(i);
    const auto needs = graph_->needs(e);
    is_finally_[i] = graph_->is_gate(e)
                         ? std::any_of(needs.begin(), needs.end(), [&](std::uint32_t n) { return is_finally_[n]; })
                         : graph_->task_of(e).runs_finally;
    if (is_finally_[i]) finally_.push_back(e);
  }
}

/// Counts anew what each WAITING element from `first` on still needs, and decides those that need nothing. Linear: at
/// the start, for what is new, and when a person resumes, never per event.
void RunState::recount_needs(Effects& effects, std::uint32_t first) {
  for (std::uint32_t i = first; i < states_.size(); ++i) {
    if (states_[i] == State::waiting) recount_answers(ElementId(i));
  }
  for (std::uint32_t i = first; i < states_.size(); ++i)
    if (states_[i] == State::waiting && unanswered_[i] == 0) decide(ElementId(i), effects);
}

std::uint32_t RunState::count_unanswered(ElementId e) const {
  const auto needs = graph_->needs(e);
  const auto unanswered = std::count_if(needs.begin(), needs.end(),
                                        [&](std::uint32_t need) { return !has_answered_to(ElementId(need), e); });
  return static_cast<std::uint32_t>(unanswered) + (waits_for_finally(e) ? 1 : 0);
}

bool RunState::is_function(ElementId e) const { return graph_->task_of(e).kind == graph::TaskKind::function; }

/// It began, and what it takes was lost then. Counts anew what it needs.
bool RunState::waits_for_value(ElementId e) {
  if (!is_function(e)) return false;
  recount_answers(e);
  return unanswered_[e.value()] > 0;
}

/// Its result was lost, or that of something that the gate stands for.
bool RunState::runs_again(ElementId need) const {
  if (!graph_->is_gate(need)) return is_function(need) && attempt(need) > 0;
  const auto needs = graph_->needs(need);
  return std::any_of(needs.begin(), needs.end(), [&](std::uint32_t above) { return runs_again(ElementId(above)); });
}

bool RunState::waits_for_finally(ElementId e) const { return !has_finally_begun_ && graph_->task_of(e).runs_finally; }

bool RunState::has_answered(ElementId e) const {
  if (!is_final(state(e)) || counts_as_ok(e)) return is_final(state(e));
  return state(e) != State::failed || !tolerance_.is_deferred(e, graph_->task_id_of(e));
}

bool RunState::counts_as_ok(ElementId e) const {
  const State s = state(e);
  if (s == State::ok || s == State::cached) return true;
  if (s == State::skipped) return !graph_->is_gate(e);
  if (s != State::failed) return false;
  return graph_->task_of(e).on_failure == graph::OnFailure::ignore || tolerance_.is_tolerated(e);
}

bool RunState::is_complete() const {
  std::uint64_t ended = 0;
  for (std::size_t s = static_cast<std::size_t>(State::ok); s < kNumStates; ++s) ended += counts_[s];
  return ended == graph_->num_real_elements();
}

Time RunState::retry_at(ElementId e) const {
  const auto found = std::lower_bound(retry_at_.begin(), retry_at_.end(), std::pair{e, Time::min()});
  FUGLE_EXPECT(found != retry_at_.end() && found->first == e);
  return found->second;
}

Duration RunState::retry_delay(ElementId e) const {
  const graph::RetryPolicy& policy = graph_->task_of(e).retries;
  const double used = static_cast<double>(std::max<std::uint16_t>(retries_used_[e.value()], 1) - 1);
  const double raw = std::min(to_seconds(policy.delay) * std::pow(policy.backoff, used), to_seconds(policy.max_delay));
  Random random(seed_ ^ (std::uint64_t{e.value()} << 16 | attempt(e)));
  return from_seconds(raw * (1 + policy.jitter * (2 * random.uniform() - 1)));
}

/// The one place where a state changes; keeps the counts and the list of waiting retries.
void RunState::set(ElementId e, State next, Effects& effects) {
  State& state = states_[e.value()];
  FUGLE_EXPECT(state != next);
  if (!graph_->is_gate(e)) {
    --counts_[static_cast<std::size_t>(state)];
    ++counts_[static_cast<std::size_t>(next)];
    if (!graph_->task_of(e).runs_finally)
      num_main_left_ += std::uint64_t{is_final(state)} - std::uint64_t{is_final(next)};
    count_for_task(e, state, next);
    if (is_final(state) != is_final(next)) services_.count(e, is_final(next), effects.unneeded);
    if (services_.is_service(e))
      num_ready_services_ += std::uint64_t{next == State::running} - std::uint64_t{state == State::running};
  }
  if (state == State::retry_wait) {
    const auto found = std::lower_bound(retry_at_.begin(), retry_at_.end(), std::pair{e, Time::min()});
    retry_at_.erase(found);
  }
  state = next;
  effects.changed.push_back(e);
  if (next == State::ready) effects.ready.push_back(e);
}

void RunState::count_for_task(ElementId e, State before, State after) {
  if (before == State::failed) count_failure(e, -1);
  if (after == State::failed) count_failure(e, 1);
  tolerance_.count_ended(graph_->task_id_of(e), is_final(after) - is_final(before));
}

void RunState::count_failure(ElementId e, int change) {
  if (graph_->task_of(e).on_failure == graph::OnFailure::ignore)
    num_ignored_ += static_cast<std::uint64_t>(change);
  else
    tolerance_.count_failed(graph_->task_id_of(e), change);
}

void RunState::start_attempt(const Event& event, Effects& effects) {
  const ElementId e = event.element;
  // In a replay nothing said that a retry became due.
  if (state(e) == State::retry_wait) set(e, State::ready, effects);
  FUGLE_EXPECT(state(e) == State::ready, "attempt started on an element that is not READY");
  FUGLE_EXPECT(event.attempt > attempt(e), "attempt numbers must rise");
  const bool is_first = attempt(e) == 0;
  attempts_[e.value()] = event.attempt;
  set(e, services_.is_service(e) ? State::starting : State::running, effects);
  if (is_first) tell_of_start(e, effects);
}

int RunState::exit_code(ElementId e) const {
  const auto known = exit_codes_.find(e);
  return known == exit_codes_.end() ? 0 : known->second;
}

void RunState::end_attempt(const Event& event, Effects& effects) {
  const ElementId e = event.element;
  // A short attempt has one event for both ends: it passes RUNNING here.
  if (!is_live(state(e))) start_attempt(event, effects);
  FUGLE_EXPECT(is_live(state(e)) && attempt(e) == event.attempt, "an attempt ended that was not running");
  if (is_ready_service(e)) close(e, effects);
  exit_codes_.erase(e);
  if (event.exit != 0) exit_codes_.emplace(e, event.exit);
  if (event.cls == FailureClass::none) {
    set(e, State::ok, effects);
    answer_dependents(e, effects);
  } else {
    failures_[e.value()] = event.cls;
    fail(e, event, effects);
  }
}

void RunState::fail(ElementId e, const Event& event, Effects& effects) {
  const graph::RetryPolicy& policy = graph_->task_of(e).retries;
  if (event.cls == FailureClass::cancelled) {
    end_what_is_not_live(e, effects);
  } else if (event.cls == FailureClass::preempted ||
             (graph::is_infrastructure(event.cls) && infra_used_[e.value()] < graph_->limits().max_infra_retries)) {
    if (event.cls != FailureClass::preempted) ++infra_used_[e.value()];
    make_startable(e, effects);
  } else if (!graph::is_infrastructure(event.cls) && retries_used_[e.value()] < policy.max &&
             policy.covers(event.cls, event.exit) && !may_never_start_again(e)) {
    ++retries_used_[e.value()];
    set(e, State::retry_wait, effects);
    const std::pair entry{e, event.end + retry_delay(e)};
    retry_at_.insert(std::lower_bound(retry_at_.begin(), retry_at_.end(), entry), entry);
    effects.retry_wait.push_back(e);
  } else {
    set(e, State::failed, effects);
    answer_dependents(e, effects);
  }
}

void RunState::hold(ElementId e, Effects& effects) {
  const State s = state(e);
  if (s == State::waiting || s == State::ready || s == State::retry_wait) set(e, State::held, effects);
}

void RunState::let_go(ElementId e, Effects& effects) {
  if (state(e) != State::held) return;
  set(e, State::waiting, effects);
  recount_answers(e);
  if (unanswered_[e.value()] == 0) decide(e, effects);
}

/// Its result is gone: it runs again. What waits for it waits on, also behind gates that were open; what is READY stays
/// so, because a worker may have begun it, and finds out when it asks for the result.
void RunState::lose_value(ElementId e, Effects& effects) {
  FUGLE_EXPECT(state(e) == State::ok, "the result of an element that is not OK was lost");
  set(e, State::waiting, effects);
  recount_answers(e);
  std::vector<ElementId> above{e};
  while (!above.empty()) {
    const ElementId one = above.back();
    above.pop_back();
    for (const std::uint32_t s : graph_->successors(one)) {
      const ElementId below(s);
      if (close_gate(below, effects)) above.push_back(below);
      if (state(below) == State::waiting) recount_answers(below);
    }
  }
  if (services_.is_user(e)) {
    run_services_again(effects);
    recount_needs(effects);
  } else if (unanswered_[e.value()] == 0) {
    set(e, State::ready, effects);
  }
}

void RunState::begin_finally(Effects& effects) {
  FUGLE_EXPECT(!has_finally_begun_);
  has_finally_begun_ = true;
  for (const ElementId e : finally_) {
    if (graph_->is_gate(e) || state(e) != State::waiting) continue;
    if (--unanswered_[e.value()] == 0) decide(e, effects);
  }
}

/// Whatever ran when the last life ended did not end: it may start again. Waiting retries keep their time.
void RunState::begin_life(Effects& effects) {
  ++num_lives_;
  stop_code_ = 0;
  growth_.forget();
  if (num_lives_ == 1) return;
  for (std::uint32_t i = 0; i < states_.size(); ++i)
    if (is_ready_service(ElementId(i))) close(ElementId(i), effects);
  for (std::uint32_t i = 0; i < states_.size(); ++i)
    if (is_live(states_[i])) make_startable(ElementId(i), effects);
  if (!has_finally_begun_) return;
  has_finally_begun_ = false;
  for (const ElementId e : finally_)
    if (state(e) != State::waiting && !graph_->has_grown(e)) set(e, State::waiting, effects);
  recount_needs(effects);
}

void RunState::retry_everything(Effects& effects) {
  was_resumed_ = true;
  for (std::uint32_t i = 0; i < states_.size(); ++i) {
    retries_used_[i] = 0;
    infra_used_[i] = 0;
    const ElementId e(i);
    const bool may_run_again =
        states_[i] == State::failed
            ? !counts_as_ok(e)
            : states_[i] == State::blocked || states_[i] == State::cancelled || is_skipped_by_answer(e);
    if (may_run_again) set(e, State::waiting, effects);
  }
  tolerance_.forget_failures();
  run_services_again(effects);
  ask_gates_again(effects);
  recount_needs(effects);
}

/// All of them. What has not started waits for what they say now; what has run itself is not asked for again.
void RunState::ask_gates_again(Effects& effects) {
  for (std::uint32_t i = 0; i < states_.size(); ++i) {
    const ElementId gate(i);
    if (graph_->is_gate(gate) && is_final(states_[i]) && !graph_->has_grown(gate)) set(gate, State::waiting, effects);
  }
  for (std::uint32_t i = 0; i < states_.size(); ++i)
    if (states_[i] == State::ready && count_unanswered(ElementId(i)) > 0) set(ElementId(i), State::waiting, effects);
}

void apply(RunState& run, const Event& event, Effects& effects) {
  switch (event.kind) {
    case EventKind::run_started: run.begin_life(effects); break;
    case EventKind::retry_all: run.retry_everything(effects); break;
    case EventKind::attempt_started: run.start_attempt(event, effects); break;
    case EventKind::attempt_ended: run.end_attempt(event, effects); break;
    case EventKind::service_ready: run.become_ready(event, effects); break;
    case EventKind::cancel_element:
      if (is_final(run.state(event.element)) || is_live(run.state(event.element))) break;
      run.end_what_is_not_live(event.element, effects);
      break;
    case EventKind::stop_requested: run.stop_code_ = event.exit; break;
    case EventKind::hold_element: run.hold(event.element, effects); break;
    case EventKind::release_element: run.let_go(event.element, effects); break;
    case EventKind::finally_began: run.begin_finally(effects); break;
    case EventKind::value_lost: run.lose_value(event.element, effects); break;
    case EventKind::output_given: run.outputs_.take(event); break;
    case EventKind::element_skipped: run.skip(event.element, effects); break;
    case EventKind::element_refused: run.refuse(event.element, effects); break;
    case EventKind::graph_grew: run.take_growth(event, effects); break;
    case EventKind::none:
    case EventKind::run_ended:
    case EventKind::worker_joined:
    case EventKind::worker_lost:
    case EventKind::node_drained: break;
  }
}

void make_due(RunState& run, ElementId e, Effects& effects) {
  FUGLE_EXPECT(run.state(e) == State::retry_wait);
  run.make_startable(e, effects);
}

void RunState::check_invariants() const {
  Counts counts{};
  for (std::uint32_t i = 0; i < states_.size(); ++i) {
    const ElementId e(i);
    if (!graph_->is_gate(e)) ++counts[static_cast<std::size_t>(states_[i])];
    const bool waits = states_[i] == State::waiting;
    const auto needs = graph_->needs(e);
    const bool may_be_older = was_resumed_ && (is_final(states_[i]) || attempts_[i] > 0);
    const bool needs_are_ok = std::all_of(needs.begin(), needs.end(), [&](std::uint32_t n) {
      // What has ended stays so when that which it came after runs again, be it for its result.
      return (has_answered_to(ElementId(n), e) && answer_to(ElementId(n), e) == State::ok) || may_be_older ||
             runs_again(ElementId(n));
    });
    const bool has_begun = is_live(states_[i]) || states_[i] == State::ready || states_[i] == State::ok ||
                           states_[i] == State::failed || states_[i] == State::retry_wait;
    const bool has_started = is_live(states_[i]) || is_final(states_[i]) || states_[i] == State::retry_wait;
    const bool may_open_early = graph_->is_gate(e) && !takes_back(e);
    const bool is_open_any = graph_->task_of(e).kind == graph::TaskKind::any_gate;
    FUGLE_CHECK_THAT(
        !has_begun || needs_are_ok || (has_started && services_.is_user(e)) || may_open_early || is_open_any,
        "an element began before its needs");
    FUGLE_CHECK_THAT(!waits || unanswered_[i] == count_unanswered(e), "unanswered needs are miscounted");
    FUGLE_CHECK_THAT(!waits || unanswered_[i] > 0, "an element waits for nothing");
    FUGLE_CHECK_THAT(!has_begun || !waits_for_finally(e), "a task of finally began too early");
  }
  FUGLE_CHECK_THAT(counts == counts_, "counts by state are wrong");
}

}  // namespace fugle::scheduler
