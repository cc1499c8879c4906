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
  latest_[event.element] = attempts_.size();
  Attempt& attempt = attempts_.emplace_back();
  attempt.element = event.element;
  attempt.number = event.attempt;
  attempt.worker = event.worker;
  attempt.node = node == node_of_worker_.end() ? 0 : node->second;
  attempt.start = event.start;
  return attempt;
}

void AttemptsTable::close() {
  for (const auto& [element, position] : latest_)
    if (attempts_[position].state == AttemptState::running) attempts_[position].state = AttemptState::interrupted;
}

void AttemptsTable::add(const Event& event) {
  switch (event.kind) {
    case EventKind::run_started:
      close();
      node_of_worker_.clear();
      return;
    case EventKind::worker_joined: return join(event.worker, event.text);
    case EventKind::attempt_started: open(event); return;
    case EventKind::attempt_ended: {
      // A short attempt, or one that could not be launched, has no event for its start.
      const auto latest = latest_.find(event.element);
      const bool is_open = latest != latest_.end() && attempts_[latest->second].state == AttemptState::running;
      Attempt& attempt = is_open ? attempts_[latest->second] : open(event);
      attempt.state = event.cls == FailureClass::none        ? AttemptState::ok
                      : event.cls == FailureClass::cancelled ? AttemptState::cancelled
                                                             : AttemptState::failed;
      attempt.cls = event.cls;
      attempt.exit = event.exit;
      attempt.start = event.start;
      attempt.end = event.end;
      attempt.cpu_ms = event.cpu_ms;
      attempt.maxrss_kb = event.maxrss_kb;
      attempt.read_bytes = event.read_bytes;
      attempt.written_bytes = event.written_bytes;
      attempt.reason = event.text;
      return;
    }
    default: return;
  }
}

const Attempt* AttemptsTable::latest(ElementId element) const {
  const auto found = latest_.find(element);
  return found == latest_.end() ? nullptr : &attempts_[found->second];
}

}  // namespace fugle::report
