#include "report/lives.hpp"

namespace fugle::report {

using scheduler::Event;
using scheduler::EventKind;

void Lives::add(const Event& event) {
  if (event.kind == EventKind::run_started) {
    Life& life = lives_.emplace_back();
    life.holder = event.text;
    life.started = event.start;
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
    case EventKind::cancel_element: cancellers_[event.element] = event.text; return;
    case EventKind::retry_all: cancellers_.clear(); return;
    default: return;
  }
}

const std::string* Lives::canceller_of(ElementId element) const {
  const auto found = cancellers_.find(element);
  return found == cancellers_.end() ? nullptr : &found->second;
}

}  // namespace fugle::report
