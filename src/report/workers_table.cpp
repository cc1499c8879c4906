#include "report/workers_table.hpp"

#include <algorithm>
#include <tuple>

namespace fugle::report {

using scheduler::Event;
using scheduler::EventKind;

const WorkerInfo* WorkersTable::find(WorkerId worker) const {
  const auto found = position_of_.find(worker);
  return found == position_of_.end() ? nullptr : &workers_[found->second];
}

std::vector<RunningAttempt> WorkersTable::running() const {
  std::vector<RunningAttempt> running;
  running.reserve(running_.size());
  for (const auto& [element, attempt] : running_) running.push_back(attempt);
  std::sort(running.begin(), running.end(), [](const RunningAttempt& a, const RunningAttempt& b) {
    return std::tie(a.start, a.element) < std::tie(b.start, b.element);
  });
  return running;
}

void WorkersTable::join(const Event& event) {
  position_of_[event.worker] = workers_.size();
  WorkerInfo& worker = workers_.emplace_back();
  worker.worker = event.worker;
  worker.node = event.text;
  worker.cores = static_cast<std::uint32_t>(event.cpu_ms);
  worker.mem_bytes = std::uint64_t{event.maxrss_kb} << 20;
}

void WorkersTable::start(const Event& event) {
  running_[event.element] = {event.element, event.attempt, event.worker, event.start};
  const auto worker = position_of_.find(event.worker);
  if (worker != position_of_.end())
    workers_[worker->second].cores_in_use += graph_->task_of(event.element).request.cores;
}

void WorkersTable::end(const Event& event) {
  const bool was_running = running_.erase(event.element) > 0;
  const auto position = position_of_.find(event.worker);
  if (position == position_of_.end()) return;
  WorkerInfo& worker = workers_[position->second];
  ++worker.num_ended;
  if (was_running) worker.cores_in_use -= graph_->task_of(event.element).request.cores;
}

/// A worker of that node that joins later is not drained by this: nobody joins after the start of a life.
void WorkersTable::drain(const Event& event) {
  const WorkerInfo* one = find(event.worker);
  if (one == nullptr) return;
  const std::string node = one->node;
  for (WorkerInfo& worker : workers_) worker.drained = worker.drained || worker.node == node;
}

void WorkersTable::add(const Event& event) {
  switch (event.kind) {
    case EventKind::run_started:
      workers_.clear();
      position_of_.clear();
      running_.clear();
      return;
    case EventKind::worker_joined: return join(event);
    case EventKind::worker_lost: {
      const auto worker = position_of_.find(event.worker);
      if (worker != position_of_.end()) workers_[worker->second].alive = false;
      return;
    }
    case EventKind::node_drained: return drain(event);
    case EventKind::attempt_started: return start(event);
    case EventKind::attempt_ended: return end(event);
    default: return;
  }
}

}  // namespace fugle::report
