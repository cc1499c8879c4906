#include "report/lives.hpp"

namespace fugle::report {

using scheduler::Event;
using scheduler::EventKind;

void Lives::add(const Event& event) {
  if (event.kind == EventKind::run_started) {
    Life& life = lives_.emplace_back();
    life.holder = event.text;
    life.started = event.start;
    drained_nodes_.clear();
    finally_state_.clear();
    return;
  }
  if (lives_.empty()) return;
  Life& life = lives_.back();
  switch (event.kind) {
    case EventKind::run_ended:
      life.ended = event.start;
      life.exit = event.exit;
      if (!event.text.empty()) life.reason = event.text;
      return;
    case EventKind::stop_requested:
      life.is_stopping = true;
      life.reason = event.text;
      return;
    case EventKind::cancel_element:
      cancellers_[event.element] = event.text;
      holders_.erase(event.element);
      return;
    case EventKind::hold_element: holders_[event.element] = event.text; return;
    case EventKind::release_element: holders_.erase(event.element); return;
    case EventKind::element_skipped:
    case EventKind::element_refused: decisions_[event.element] = event.text; return;
    case EventKind::node_drained: drained_nodes_.push_back(event.text); return;
    case EventKind::finally_began: finally_state_ = event.text; return;
    case EventKind::retry_all: cancellers_.clear(); return;
    default: return;
  }
}

const std::string* Lives::why_decided(ElementId element) const {
  const auto found = decisions_.find(element);
  return found == decisions_.end() ? nullptr : &found->second;
}

const std::string* Lives::canceller_of(ElementId element) const {
  const auto found = cancellers_.find(element);
  return found == cancellers_.end() ? nullptr : &found->second;
}

const std::string* Lives::holder_of(ElementId element) const {
  const auto found = holders_.find(element);
  return found == holders_.end() ? nullptr : &found->second;
}

}  // namespace fugle::report
