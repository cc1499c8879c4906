#include "report/run_lengths.hpp"

#include <algorithm>

#include "graph/algorithms.hpp"

namespace fugle::report {

using scheduler::Event;
using scheduler::EventKind;

void RunLengths::add(const Event& event) {
  if (event.kind == EventKind::run_started) {
    earlier_lives_s_ = active_s();
    life_started_ = last_event_ = event.start;
    return;
  }
  last_event_ = std::max({last_event_, event.start, event.end});
  if (event.kind == EventKind::worker_joined) {
    const std::uint32_t worker = event.worker.value();
    if (worker >= workers_.size()) workers_.resize(worker + 1, plan::Slot{0, 0, 0});
    plan::Slot& slot = workers_[worker];
    slot.cores = std::max(slot.cores, static_cast<std::uint32_t>(event.cpu_ms));
    slot.mem_bytes = std::max(slot.mem_bytes, std::uint64_t{event.maxrss_kb} << 20);
  } else if (event.kind == EventKind::attempt_ended) {
    const double seconds = to_seconds(event.end - event.start);
    ++num_attempts_;
    busy_core_s_ += seconds * graph_->task_of(event.element).request.cores;
    const bool is_service = graph_->task_of(event.element).service.is_given;
    if (seconds_.size() < graph_->num_elements()) seconds_.resize(graph_->num_elements(), 0);
    if (event.cls == scheduler::FailureClass::none && !is_service)
      seconds_[event.element.value()] = static_cast<float>(seconds);
  }
}

std::uint32_t RunLengths::num_cores() const {
  std::uint32_t cores = 0;
  for (const plan::Slot& slot : workers_) cores += slot.cores;
  return cores;
}

namespace {

RunMeasure measure_rows(const graph::Graph& graph, const RunLengths& lengths) {
  RunMeasure measure;
  measure.makespan_s = lengths.active_s();
  std::vector<double> seconds(lengths.seconds().begin(), lengths.seconds().end());
  seconds.resize(graph.num_elements(), 0);  // the latest to come may not have run
  measure.critical_path = graph::critical_path(graph, seconds);
  std::vector<plan::Slot> workers;
  for (plan::Slot slot : lengths.workers()) {
    slot.gpus = 0;  // how many there were is not journalled: the bound leaves them out
    if (slot.cores > 0) workers.push_back(slot);
  }
  if (!workers.empty()) measure.bound = plan::lower_bound(graph, workers, seconds);
  const double core_s = lengths.num_cores() * measure.makespan_s;
  measure.utilisation = core_s > 0 ? lengths.busy_core_s() / core_s : 0;
  return measure;
}

}  // namespace

RunMeasure measure(const graph::Graph& graph, const RunLengths& lengths) {
  return graph.has_grown() ? measure_rows(graph.compressed(), lengths) : measure_rows(graph, lengths);
}

}  // namespace fugle::report
