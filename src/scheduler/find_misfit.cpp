#include "scheduler/find_misfit.hpp"

#include <fmt/format.h>

namespace fugle::scheduler {
namespace {

/// Differences of times this far from the epoch (146 years) still fit into a Duration.
constexpr std::int64_t kMaxTime = std::int64_t{1} << 62;

bool is_sane(Time t) { return to_ns(t) >= -kMaxTime / 2 && to_ns(t) <= kMaxTime; }

bool names_element(EventKind kind) {
  switch (kind) {
    case EventKind::attempt_started:
    case EventKind::attempt_ended:
    case EventKind::service_ready:
    case EventKind::cancel_element:
    case EventKind::hold_element:
    case EventKind::release_element:
    case EventKind::output_given:
    case EventKind::element_skipped:
    case EventKind::element_refused:
    case EventKind::graph_grew:
    case EventKind::value_lost: return true;
    default: return false;
  }
}

std::string find_bad_start(const RunState& run, const Event& event) {
  const State state = run.state(event.element);
  const std::string_view id = run.graph().id(event.element);
  if (state != State::ready && state != State::retry_wait)
    return fmt::format("an attempt of {} that is {}", id, name_of(state));
  if (event.attempt <= run.attempt(event.element))
    return fmt::format("attempt {} of {} after attempt {}", event.attempt, id, run.attempt(event.element));
  return {};
}

std::string find_bad_end(const RunState& run, const Event& event) {
  if (!is_live(run.state(event.element))) return find_bad_start(run, event);
  if (event.attempt == run.attempt(event.element)) return {};
  return fmt::format("the end of attempt {} of {} while attempt {} runs", event.attempt, run.graph().id(event.element),
                     run.attempt(event.element));
}

std::string find_bad_ready(const RunState& run, const Event& event) {
  const std::string_view id = run.graph().id(event.element);
  if (run.state(event.element) != State::starting)
    return fmt::format("{} is ready that is {}", id, name_of(run.state(event.element)));
  if (event.attempt == run.attempt(event.element)) return {};
  return fmt::format("attempt {} of {} is ready while attempt {} runs", event.attempt, id, run.attempt(event.element));
}

bool is_decision(EventKind kind) {
  return kind == EventKind::element_skipped || kind == EventKind::element_refused || kind == EventKind::graph_grew;
}

std::string find_bad_decision(const RunState& run, const Event& event) {
  const Graph& graph = run.graph();
  const std::string_view id = graph.id(event.element);
  if (graph.is_gate(event.element) || run.state(event.element) != State::ready)
    return fmt::format("{} of {} that is {}", name_of(event.kind), id, name_of(run.state(event.element)));
  if (event.kind != EventKind::graph_grew) return {};
  if (!run.can_grow()) return fmt::format("a growth by {} of a graph that does not grow", id);
  if (graph.task_of(event.element).kind != graph::TaskKind::expansion)
    return fmt::format("a growth of the graph by {}, which is no expansion", id);
  if (event.maxrss_kb > 0) return {};  // more follows
  const auto growth = graph::decode_growth(run.growth().joined(event));
  if (!growth) return fmt::format("a growth of the graph by {} that can not be read", id);
  const std::string flaw = graph.find_flaw(event.element, *growth);
  return flaw.empty() ? flaw : fmt::format("a growth of the graph by {}: {}", id, flaw);
}

}  // namespace

std::string find_misfit(const RunState& run, const Event& event) {
  if (!is_sane(event.start) || !is_sane(event.end)) return "a time that can not be";
  if (event.kind == EventKind::finally_began && run.has_finally_begun()) return "the beginning of finally, twice";
  const std::uint32_t num_elements = run.graph().num_elements();
  if ((names_element(event.kind) || event.element.is_valid()) && event.element.value() >= num_elements)
    return fmt::format("an event of element number {} where there are {}", event.element.value(), num_elements);
  if (is_decision(event.kind)) return find_bad_decision(run, event);
  const bool is_attempt = event.kind == EventKind::attempt_started || event.kind == EventKind::attempt_ended;
  if (is_attempt &&
      (run.graph().is_gate(event.element) || run.graph().task_of(event.element).kind == graph::TaskKind::expansion))
    return "an attempt of what can not run";
  if (event.kind == EventKind::value_lost && run.state(event.element) != State::ok)
    return fmt::format("the loss of a result of {} that is {}", run.graph().id(event.element),
                       name_of(run.state(event.element)));
  if (event.kind == EventKind::output_given && !OutputBook::is_part_of(run.graph(), event))
    return fmt::format("a value of output number {} of {}", event.exit, run.graph().id(event.element));
  if (event.kind == EventKind::attempt_started) return find_bad_start(run, event);
  if (event.kind == EventKind::attempt_ended) return find_bad_end(run, event);
  if (event.kind == EventKind::service_ready) return find_bad_ready(run, event);
  return {};
}

}  // namespace fugle::scheduler
