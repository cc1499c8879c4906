#include "sim/watch.hpp"

#include "base/assert.hpp"

namespace fugle::sim {

using namespace scheduler;

Watch::Watch(const graph::Graph& graph, const RunState& run, bool is_on)
    : graph_(graph),
      run_(run),
      is_on_(is_on),
      has_completed_(is_on ? graph.num_elements() : 0, false),
      latest_of_(is_on ? graph.num_elements() : 0, 0) {}

bool Watch::counts(ElementId element, bool completed) const {
  return completed || graph_.task_of(element).on_failure == graph::OnFailure::ignore;
}

bool Watch::is_tolerated(ElementId element) const {
  return graph_.task_of(element).tolerate.is_given() && run_.state(element) == State::failed &&
         run_.counts_as_ok(element);
}

void Watch::remember(const Event& event) {
  if (!is_on_ || event.kind != EventKind::attempt_ended) return;
  if (counts(event.element, event.cls == FailureClass::none)) has_completed_[event.element.value()] = true;
}

void Watch::on_start(const SimAttempt& attempt) {
  if (!is_on_) return;
  for (const ElementId need : graph_.real_needs(attempt.element))
    FUGLE_CHECK_THAT(has_completed_[need.value()] || is_tolerated(need), "an attempt started before its needs completed");
  FUGLE_CHECK_THAT(!has_completed_[attempt.element.value()] || run_.state(attempt.element) != State::ok,
                   "an OK element was started again");
  latest_of_[attempt.element.value()] = attempts_.size();
  attempts_.push_back(attempt);
}

void Watch::on_end(const SimAttempt& attempt) {
  if (!is_on_) return;
  attempts_[latest_of_[attempt.element.value()]] = attempt;
  if (counts(attempt.element, attempt.completed)) has_completed_[attempt.element.value()] = true;
}

}  // namespace fugle::sim
