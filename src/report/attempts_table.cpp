#include "report/attempts_table.hpp"

#include <algorithm>

namespace fugle::report {

using scheduler::Event;
using scheduler::EventKind;

const char* name_of(AttemptState state) {
  switch (state) {
    case AttemptState::running: return "RUNNING";
    case AttemptState::interrupted: return "INTERRUPTED";
    case AttemptState::ok: return "OK";
    case AttemptState::failed: return "FAILED";
    case AttemptState::cancelled: return "CANCELLED";
  }
  return "unknown";
}

void AttemptsTable::join(WorkerId worker, const std::string& node) {
  const auto known = std::find(nodes_.begin(), nodes_.end(), node);
  node_of_worker_[worker] = static_cast<std::uint32_t>(known - nodes_.begin());
  if (known == nodes_.end()) nodes_.push_back(node);
}

Attempt& AttemptsTable::open(const Event& event) {
  const auto node = node_of_worker_.find(event.worker);
  Attempt& attempt = attempts_.emplace_back();
  attempt.element = event.element;
  attempt.number = event.attempt;
  attempt.worker = event.worker;
  attempt.node = node == node_of_worker_.end() ? 0 : node->second;
  attempt.start = event.start;
  return attempt;
}

void AttemptsTable::close() {
  for (const auto& [element, position] : open_) attempts_[position].state = AttemptState::interrupted;
  open_.clear();
}

void AttemptsTable::add(const Event& event) {
  switch (event.kind) {
    case EventKind::run_started:
      close();
      node_of_worker_.clear();
      return;
    case EventKind::worker_joined: return join(event.worker, event.text);
    case EventKind::attempt_started:
      open(event);
      open_[event.element] = attempts_.size() - 1;
      return;
    case EventKind::attempt_ended: {
      // An attempt that could not be launched ends without having started.
      const auto running = open_.find(event.element);
      Attempt& attempt = running == open_.end() ? open(event) : attempts_[running->second];
      if (running != open_.end()) open_.erase(running);
      attempt.state = event.cls == FailureClass::none        ? AttemptState::ok
                      : event.cls == FailureClass::cancelled ? AttemptState::cancelled
                                                             : AttemptState::failed;
      attempt.cls = event.cls;
      attempt.exit = event.exit;
      attempt.start = event.start;
      attempt.end = event.end;
      attempt.cpu_ms = event.cpu_ms;
      attempt.maxrss_kb = event.maxrss_kb;
      attempt.reason = event.text;
      return;
    }
    default: return;
  }
}

std::vector<const Attempt*> AttemptsTable::of(ElementId element) const {
  std::vector<const Attempt*> found;
  for (const Attempt& attempt : attempts_)
    if (attempt.element == element) found.push_back(&attempt);
  return found;
}

}  // namespace fugle::report
