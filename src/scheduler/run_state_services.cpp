// What is particular about services, in what RunState::apply() does: they answer when they are ready, and may have to
// do so again.
#include "base/assert.hpp"
#include "scheduler/run_state.hpp"

namespace fugle::scheduler {

void RunState::become_ready(const Event& event, Effects& effects) {
  const ElementId e = event.element;
  FUGLE_EXPECT(state(e) == State::starting && attempt(e) == event.attempt, "what is ready is not a starting service");
  set(e, State::running, effects);
  answer_all({e}, effects);
}

/// What has not started waits for the service again.
void RunState::close(ElementId service, Effects& effects) {
  set(service, State::starting, effects);
  std::vector<ElementId> closed{service};
  while (!closed.empty()) {
    const ElementId above = closed.back();
    closed.pop_back();
    effects.closed.push_back(above);
    close_users(above, closed, effects);
  }
}

/// A gate that has said something else than OK has ended what stands behind it. What waits for its next attempt is
/// looked at when that is due.
void RunState::close_users(ElementId above, std::vector<ElementId>& closed, Effects& effects) {
  for (const std::uint32_t s : graph_->successors(above)) {
    const ElementId below(s);
    if (state(below) == State::waiting) {
      recount_answers(below);
    } else if (graph_->is_gate(below)) {
      if (close_gate(below, effects)) closed.push_back(below);
    } else if (state(below) == State::ready) {
      effects.withdrawn.push_back(below);
      set(below, State::waiting, effects);
      recount_answers(below);
    }
  }
}

/// READY, unless a service that it uses is not ready now, or will not be any more.
void RunState::make_startable(ElementId e, Effects& effects) {
  if (!services_.is_user(e)) return set(e, waits_for_value(e) ? State::waiting : State::ready, effects);
  recount_answers(e);
  if (unanswered_[e.value()] == 0)
    decide(e, effects);
  else
    set(e, State::waiting, effects);
}

/// A service that it uses has failed since it was started first.
bool RunState::may_never_start_again(ElementId e) {
  if (!services_.is_user(e)) return false;
  recount_answers(e);
  return unanswered_[e.value()] == 0 && verdicts_[e.value()] != State::ok;
}

/// On request. A service that nobody uses any more is not missed.
void RunState::end_what_is_not_live(ElementId e, Effects& effects) {
  set(e, services_.is_unneeded(e) ? State::skipped : State::cancelled, effects);
  answer_dependents(e, effects);
}

/// Those that had ended well, and whose users run again; these may be services too.
void RunState::run_services_again(Effects& effects) {
  if (!services_.has_services()) return;
  for (bool has_changed = true; has_changed;) {
    has_changed = false;
    for (std::uint32_t i = 0; i < states_.size(); ++i) {
      const ElementId e(i);
      const bool has_ended_well = states_[i] == State::ok || states_[i] == State::skipped;
      if (!has_ended_well || !services_.is_service(e) || services_.is_unneeded(e) || is_skipped_by_answer(e)) continue;
      set(e, State::waiting, effects);
      effects.closed.push_back(e);
      has_changed = true;
    }
  }
  for (bool has_changed = true; has_changed;) {  // a gate may stand for others
    has_changed = false;
    for (std::uint32_t i = 0; i < states_.size(); ++i) {
      if (!close_gate(ElementId(i), effects)) continue;
      effects.closed.emplace_back(i);
      has_changed = true;
    }
  }
}

}  // namespace fugle::scheduler
