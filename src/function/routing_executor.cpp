#include "function/routing_executor.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "function/call.hpp"

namespace fugle::function {

using scheduler::AttemptReport;
using scheduler::Executor;
using scheduler::Launch;

Executor& RoutingExecutor::part_for(const graph::Task& task) const {
  if (task.kind != graph::TaskKind::function) return routes_.commands;
  return task.isolate ? routes_.isolated : routes_.functions;
}

Executor* RoutingExecutor::part_of(ElementId element) const {
  const auto found = parts_.find(element);
  return found == parts_.end() ? nullptr : found->second;
}

void RoutingExecutor::start(const Launch& launch) {
  Executor& part = part_for(*launch.task);
  parts_[launch.element] = &part;
  part.start(launch);
}

void RoutingExecutor::start_after(const Launch& launch, ElementId predecessor) {
  Executor& part = part_for(*launch.task);
  Executor* const before = part_of(predecessor);
  if (before == nullptr && !waiting_.contains(predecessor)) return start(launch);
  if (before == &part) {
    parts_[launch.element] = &part;
    return part.start_after(launch, predecessor);
  }
  waiting_.emplace(launch.element, Waiting{launch, predecessor});
  followers_[predecessor] = launch.element;
}

void RoutingExecutor::start_now(ElementId element) {
  const auto found = waiting_.find(element);
  if (found == waiting_.end()) {
    if (Executor* const part = part_of(element)) part->start_now(element);
    return;
  }
  const Waiting waiting = std::move(found->second);
  waiting_.erase(found);
  followers_.erase(waiting.predecessor);
  start(waiting.launch);
}

void RoutingExecutor::stop(ElementId element, scheduler::StopReason reason) {
  const auto found = waiting_.find(element);
  if (found == waiting_.end()) {
    if (Executor* const part = part_of(element)) part->stop(element, reason);
    return;
  }
  AttemptReport report;
  report.kind = AttemptReport::Kind::ended;
  report.element = element;
  report.attempt = found->second.launch.attempt;
  report.start = report.end = call_clock();
  report.cls = graph::FailureClass::cancelled;
  report.reason = "stopped";
  reports_.push_back(std::move(report));
  followers_.erase(found->second.predecessor);
  waiting_.erase(found);
}

void RoutingExecutor::signal(ElementId element, int signal) {
  if (Executor* const part = part_of(element)) part->signal(element, signal);
}

void RoutingExecutor::poll(std::vector<AttemptReport>& reports) {
  const auto first = static_cast<std::ptrdiff_t>(reports.size());
  std::move(reports_.begin(), reports_.end(), std::back_inserter(reports));
  reports_.clear();
  routes_.commands.poll(reports);
  routes_.functions.poll(reports);
  routes_.isolated.poll(reports);
  for (auto report = reports.begin() + first; report != reports.end(); ++report) {
    if (report->kind != AttemptReport::Kind::ended) continue;
    parts_.erase(report->element);
    start_waiting(report->element);
  }
}

void RoutingExecutor::start_waiting(ElementId predecessor) {
  const auto found = followers_.find(predecessor);
  if (found != followers_.end()) start_now(ElementId(found->second));
}

void RoutingExecutor::host(const Launch& launch) {
  Executor& part = part_for(*launch.task);
  parts_[launch.element] = &part;
  part.host(launch);
}

void RoutingExecutor::dismiss(ElementId element) {
  if (Executor* const part = part_of(element)) part->dismiss(element);
}

void RoutingExecutor::hear(const scheduler::PartyWord& word) {
  if (Executor* const part = part_of(word.element)) part->hear(word);
}

void RoutingExecutor::poll_words(std::vector<scheduler::PartyWord>& words) {
  routes_.commands.poll_words(words);
  routes_.functions.poll_words(words);
  routes_.isolated.poll_words(words);
}

}  // namespace fugle::function
