// What ended elements, and gates, answer to those that need them, in what RunState::apply() does. By the table of
// scheduler/answers.hpp.
#include <algorithm>

#include "base/assert.hpp"
#include "scheduler/answers.hpp"
#include "scheduler/run_state.hpp"

namespace fugle::scheduler {

using graph::TaskKind;

namespace {

Ending ending_of(State state, bool counts_as_ok) {
  switch (state) {
    case State::ok: return Ending::ok;
    case State::cached: return Ending::cached;
    case State::skipped: return Ending::skipped;
    case State::blocked: return Ending::blocked;
    case State::cancelled: return Ending::cancelled;
    default: return counts_as_ok ? Ending::ok : Ending::failed;
  }
}

State state_for(Answer answer) {
  switch (answer) {
    case Answer::go: return State::ok;
    case Answer::skipped: return State::skipped;
    case Answer::blocked: return State::blocked;
    case Answer::cancelled: return State::cancelled;
  }
  return State::blocked;
}

}  // namespace

/// Who waits for the end of a service has to wait for it; who waits for the first start of something, for no more.
bool RunState::has_answered_to(ElementId need, ElementId below) const {
  if (has_answered(need)) return true;
  switch (condition_of(graph_->task_of(below).kind)) {
    case Condition::done:
    case Condition::failed: return false;
    case Condition::started: return attempt(need) > 0;
    default: return is_ready_service(need);
  }
}

/// OK, SKIPPED, BLOCKED or CANCELLED, of one that has_answered_to(). A gate has asked already.
State RunState::answer_to(ElementId need, ElementId below) const {
  const Condition condition = condition_of(graph_->task_of(below).kind);
  if (graph_->is_gate(need)) {
    if (condition == Condition::done) return State::ok;
    return condition == Condition::failed ? State::skipped : state(need);
  }
  if (is_ready_service(need) || (condition == Condition::started && attempt(need) > 0)) return State::ok;
  return state_for(answer_of(condition, ending_of(state(need), counts_as_ok(need)), false));
}

/// What was answered by now counts.
void RunState::recount_answers(ElementId e) {
  unanswered_[e.value()] = count_unanswered(e);
  verdicts_[e.value()] = graph_->task_of(e).kind == TaskKind::fail_gate ? State::skipped : State::ok;
  for (const std::uint32_t need : graph_->needs(e)) {
    if (!has_answered_to(ElementId(need), e)) continue;
    const State answer = answer_to(ElementId(need), e);
    take_answer(e, answer);
    if (answer == State::ok && graph_->task_of(e).kind == TaskKind::any_gate) break;
  }
}

/// The strongest answer counts; but of a fail gate one failure, and of an any gate the first go, which opens it.
void RunState::take_answer(ElementId below, State answer) {
  State& verdict = verdicts_[below.value()];
  const TaskKind kind = graph_->task_of(below).kind;
  if (kind == TaskKind::fail_gate) {
    if (answer == State::ok) verdict = State::ok;
  } else if (kind == TaskKind::any_gate && answer == State::ok) {
    verdict = State::ok;
    unanswered_[below.value()] = 0;
  } else {
    verdict = std::max(verdict, answer);
  }
}

/// An element is decided once all it needs have answered: READY when all say go, else the strongest of the answers,
/// which ends it too.
void RunState::answer_dependents(ElementId e, Effects& effects) { answer_all({e}, effects); }

void RunState::answer_all(std::vector<ElementId> ended, Effects& effects) {
  while (!ended.empty()) {
    const ElementId above = ended.back();
    ended.pop_back();
    for (const ElementId one : who_answers(above, effects)) answer_successors(one, ended, effects);
  }
}

/// The element that has just ended; but a failure that may be tolerated only when that is decided, with others.
std::vector<ElementId> RunState::who_answers(ElementId ended, Effects& effects) {
  const TaskId task = graph_->task_id_of(ended);
  if (!tolerance_.is_tolerant(task)) return {ended};
  const bool has_failed = state(ended) == State::failed && !counts_as_ok(ended);
  ToleranceBook::Decision decision = tolerance_.decide(ended, task, has_failed);
  if (decision.is_beyond) effects.beyond_tolerance.push_back(task);
  effects.changed.insert(effects.changed.end(), decision.answering.begin(), decision.answering.end());
  return std::move(decision.answering);
}

void RunState::answer_successors(ElementId e, std::vector<ElementId>& ended, Effects& effects) {
  for (const std::uint32_t s : graph_->successors(e)) {
    const ElementId below(s);
    if (states_[s] == State::retry_wait && may_never_start_again(below)) {
      set(below, verdicts_[s], effects);
      ended.push_back(below);
    }
    if (states_[s] != State::waiting || !answers_now(e, below)) continue;
    FUGLE_CHECK_THAT(unanswered_[s] > 0);
    --unanswered_[s];
    take_answer(below, answer_to(e, below));
    if (unanswered_[s] == 0) settle(below, ended, effects);
  }
}

/// Of one that has just ended, or is a service that is ready now: whether that is the answer `below` waits for.
bool RunState::answers_now(ElementId above, ElementId below) const {
  switch (condition_of(graph_->task_of(below).kind)) {
    case Condition::done:
    case Condition::failed: return is_final(state(above));
    case Condition::started: return attempt(above) == 0;  // else it was told when it started
    default: return true;
  }
}

/// All it needs have answered.
void RunState::settle(ElementId e, std::vector<ElementId>& ended, Effects& effects) {
  const bool may_run = verdicts_[e.value()] == State::ok && !graph_->is_gate(e);
  set(e, may_run ? State::ready : verdicts_[e.value()], effects);
  if (!may_run) ended.push_back(e);
}

void RunState::decide(ElementId e, Effects& effects) {
  std::vector<ElementId> ended;
  settle(e, ended, effects);
  answer_all(std::move(ended), effects);
}

/// Its first attempt has started.
void RunState::tell_of_start(ElementId e, Effects& effects) {
  std::vector<ElementId> ended;
  for (const std::uint32_t s : graph_->successors(e)) {
    const ElementId gate(s);
    if (graph_->task_of(gate).kind != TaskKind::start_gate || states_[s] != State::waiting) continue;
    if (--unanswered_[s] == 0) settle(gate, ended, effects);
  }
  answer_all(std::move(ended), effects);
}

/// A gate that closes again when something above it has to be done again while the run goes on. What waited for an end,
/// a failure or a start has had it.
bool RunState::takes_back(ElementId gate) const {
  const TaskKind kind = graph_->task_of(gate).kind;
  return kind == TaskKind::gate || kind == TaskKind::use_gate || kind == TaskKind::any_gate;
}

/// If it was open, and is not any more. One that has said something else has ended what stands behind it.
bool RunState::close_gate(ElementId gate, Effects& effects) {
  if (!takes_back(gate) || state(gate) != State::ok) return false;
  recount_answers(gate);
  if (unanswered_[gate.value()] == 0) return false;
  set(gate, State::waiting, effects);
  return true;
}

/// Not by its own `when`, and not as a service that nobody uses.
bool RunState::is_skipped_by_answer(ElementId e) const {
  return state(e) == State::skipped && !graph_->is_gate(e) && verdicts_[e.value()] == State::skipped;
}

}  // namespace fugle::scheduler
