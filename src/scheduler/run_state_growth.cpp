// What is decided of elements while the run goes on (scheduler/language.hpp), in what RunState::apply() does: those
// that do not run after all, and those that come.
#include <utility>

#include "base/assert.hpp"
#include "scheduler/run_state.hpp"

namespace fugle::scheduler {

void RunState::skip(ElementId e, Effects& effects) {
  FUGLE_EXPECT(state(e) == State::ready, "an element that is not READY was skipped");
  set(e, State::skipped, effects);
  answer_dependents(e, effects);
}

void RunState::refuse(ElementId e, Effects& effects) {
  FUGLE_EXPECT(state(e) == State::ready, "an element that is not READY was refused");
  failures_[e.value()] = FailureClass::expand;
  set(e, State::failed, effects);
  answer_dependents(e, effects);
}

void RunState::take_growth(const Event& event, Effects& effects) {
  FUGLE_EXPECT(can_grow() && state(event.element) == State::ready, "a graph grew that can not");
  const std::string bytes = growth_.joined(event);
  growth_.take(event);
  if (event.maxrss_kb > 0) return;
  auto growth = graph::decode_growth(bytes);
  FUGLE_EXPECT(growth, "a growth of the graph is not one");
  grow(event.element, std::move(*growth), effects);
}

/// Gates that are to need the new elements too still wait for the expansion, which answers last.
void RunState::grow(ElementId expansion, graph::Growth growth, Effects& effects) {
  const std::uint32_t first = graph_->num_elements();
  const std::uint32_t first_task = graph_->num_tasks();
  const auto closings = growth.closings;
  --counts_[static_cast<std::size_t>(state(expansion))];
  num_main_left_ -= graph_->task_of(expansion).runs_finally ? 0 : 1;
  growing_graph_->grow(expansion, std::move(growth));

  const std::size_t n = graph_->num_elements();
  states_.resize(n, State::waiting);
  failures_.resize(n, FailureClass::none);
  attempts_.resize(n, 0);
  retries_used_.resize(n, 0);
  infra_used_.resize(n, 0);
  unanswered_.resize(n, 0);
  verdicts_.resize(n, State::ok);
  for (std::uint32_t i = first; i < n; ++i) {
    const ElementId e(i);
    effects.changed.push_back(e);
    if (graph_->is_gate(e)) continue;
    ++counts_[static_cast<std::size_t>(State::waiting)];
    num_main_left_ += graph_->task_of(e).runs_finally ? 0 : 1;
  }
  find_finally(first);
  tolerance_.grow(*graph_, first_task, first);
  services_.grow([&](ElementId e) { return is_final(state(e)); });

  for (const graph::Growth::Closing& closing : closings)
    if (state(closing.gate) == State::waiting) unanswered_[closing.gate.value()] += closing.last - closing.first;
  recount_needs(effects, first);
  set(expansion, State::ok, effects);
  answer_dependents(expansion, effects);
}

}  // namespace fugle::scheduler
