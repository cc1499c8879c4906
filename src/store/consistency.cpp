#include "store/consistency.hpp"

#include <algorithm>

#include "scheduler/find_misfit.hpp"

namespace fugle::store {

using scheduler::Event;
using scheduler::EventKind;
using scheduler::RunState;
using scheduler::State;

namespace {

bool is_decision(EventKind kind) {
  return kind == EventKind::element_skipped || kind == EventKind::element_refused || kind == EventKind::graph_grew;
}

bool is_about_an_element(EventKind kind) {
  return kind == EventKind::attempt_started || kind == EventKind::attempt_ended || kind == EventKind::cancel_element ||
         kind == EventKind::hold_element || kind == EventKind::release_element || kind == EventKind::value_lost ||
         kind == EventKind::service_ready || kind == EventKind::output_given || is_decision(kind);
}

bool may_start(const RunState& run, const Event& event) {
  const State state = run.state(event.element);
  return (state == State::ready || state == State::retry_wait) && event.attempt > run.attempt(event.element);
}

}  // namespace

bool fits(const RunState& run, const Event& event) {
  if (event.kind == EventKind::finally_began) return !run.has_finally_begun();
  if (!is_about_an_element(event.kind)) return true;
  if (event.element.value() >= run.graph().num_elements() || run.graph().is_gate(event.element)) return false;
  if (is_decision(event.kind)) return scheduler::find_misfit(run, event).empty();
  if (event.kind == EventKind::attempt_started) return may_start(run, event);
  if (event.kind == EventKind::value_lost) return run.state(event.element) == State::ok;
  if (event.kind == EventKind::output_given)
    return scheduler::OutputBook::is_part_of(run.graph(), event) && event.attempt >= run.attempt(event.element);
  if (event.kind == EventKind::service_ready)
    return run.state(event.element) == State::starting && run.attempt(event.element) == event.attempt;
  if (event.kind != EventKind::attempt_ended) return true;
  if (!is_live(run.state(event.element))) return may_start(run, event);
  return run.attempt(event.element) == event.attempt;
}

Consistent keep_consistent(const graph::Graph& graph, std::uint64_t seed, std::vector<Event> events) {
  Consistent kept;
  graph::Graph growing = graph;
  RunState run(growing, seed);
  scheduler::Effects effects;
  for (Event& event : events) {
    if (fits(run, event)) {
      effects.clear();
      apply(run, event, effects);
      kept.events.push_back(std::move(event));
      continue;
    }
    ++kept.num_dropped;
    const bool ended_ok = event.kind == EventKind::attempt_ended && event.cls == scheduler::FailureClass::none;
    if (ended_ok && event.element.value() < growing.num_elements()) kept.again.push_back(event.element);
  }
  std::sort(kept.again.begin(), kept.again.end());
  kept.again.erase(std::unique(kept.again.begin(), kept.again.end()), kept.again.end());
  std::erase_if(kept.again, [&](ElementId e) { return run.state(e) == State::ok; });
  return kept;
}

}  // namespace fugle::store
