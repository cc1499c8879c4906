#include "scheduler/event.hpp"

namespace fugle::scheduler {

const char* name_of(EventKind kind) {
  switch (kind) {
    case EventKind::none: return "none";
    case EventKind::run_started: return "run_started";
    case EventKind::run_ended: return "run_ended";
    case EventKind::worker_joined: return "worker_joined";
    case EventKind::worker_lost: return "worker_lost";
    case EventKind::attempt_started: return "attempt_started";
    case EventKind::attempt_ended: return "attempt_ended";
    case EventKind::cancel_element: return "cancel_element";
    case EventKind::retry_all: return "retry_all";
    case EventKind::stop_requested: return "stop_requested";
    case EventKind::hold_element: return "hold_element";
    case EventKind::release_element: return "release_element";
    case EventKind::node_drained: return "node_drained";
    case EventKind::finally_began: return "finally_began";
    case EventKind::value_lost: return "value_lost";
    case EventKind::service_ready: return "service_ready";
    case EventKind::output_given: return "output_given";
    case EventKind::element_skipped: return "element_skipped";
    case EventKind::element_refused: return "element_refused";
    case EventKind::graph_grew: return "graph_grew";
  }
  return "unknown";
}

Event event_of(EventKind kind, ElementId element, std::uint16_t attempt, WorkerId worker, Time when) {
  Event event = event_of(kind, when);
  event.element = element;
  event.attempt = attempt;
  event.worker = worker;
  return event;
}

Event event_of(EventKind kind, Time when) {
  Event event;
  event.kind = kind;
  event.start = when;
  return event;
}

Event wish_of(EventKind kind, ElementId element, const std::string& who, Time when) {
  Event event = event_of(kind, when);
  event.element = element;
  event.text = who;
  return event;
}

}  // namespace fugle::scheduler
