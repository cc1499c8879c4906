#include "function/routing_executor.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "executor/outcome.hpp"
#include "function/call.hpp"

namespace fugle::function {

using graph::FailureClass;
using scheduler::AttemptReport;
using scheduler::Executor;
using scheduler::Launch;

namespace {

bool is_function(const Launch& launch) { return launch.task->kind == graph::TaskKind::function; }

}  // namespace

Executor& RoutingExecutor::part_for(const graph::Task& task) const {
  if (task.kind != graph::TaskKind::function) return routes_.commands;
  return task.isolate ? routes_.isolated : routes_.functions;
}

Executor* RoutingExecutor::part_of(ElementId element) const {
  const auto found = parts_.find(element);
  return found == parts_.end() ? nullptr : found->second;
}

void RoutingExecutor::start(const Launch& launch) { start_after(launch, ElementId()); }

void RoutingExecutor::start_after(const Launch& launch, ElementId predecessor) {
  const Waiting ready{launch, predecessor};
  if (is_function(launch) && !exchange_.fetch(launch))
    fetching_.emplace(launch.element, ready);
  else
    begin(ready);
}

void RoutingExecutor::host(const Launch& launch) {
  const Waiting ready{launch, {}, true};
  if (is_function(launch) && !exchange_.fetch(launch))
    fetching_.emplace(launch.element, ready);
  else
    begin(ready);
}

/// All that it takes is here.
void RoutingExecutor::begin(const Waiting& ready) {
  const Launch& launch = ready.launch;
  if (ready.predecessor.is_valid()) return begin_after(launch, ready.predecessor);
  Executor& part = part_for(*launch.task);
  parts_[launch.element] = &part;
  ready.is_host ? part.host(launch) : part.start(launch);
}

void RoutingExecutor::begin_after(const Launch& launch, ElementId predecessor) {
  Executor& part = part_for(*launch.task);
  Executor* const before = part_of(predecessor);
  const bool is_before_here = waiting_.contains(predecessor) || fetching_.contains(predecessor);
  if (before == nullptr && !is_before_here) return begin({launch, {}});
  if (before == &part) {
    parts_[launch.element] = &part;
    return part.start_after(launch, predecessor);
  }
  waiting_.emplace(launch.element, Waiting{launch, predecessor});
  followers_[predecessor] = launch.element;
}

void RoutingExecutor::start_now(ElementId element) {
  if (const auto fetching = fetching_.find(element); fetching != fetching_.end()) {
    fetching->second.predecessor = ElementId();
  } else if (auto waiting = waiting_.extract(element)) {
    followers_.erase(waiting.mapped().predecessor);
    begin({std::move(waiting.mapped().launch), {}});
  } else if (Executor* const part = part_of(element)) {
    part->start_now(element);
  }
}

void RoutingExecutor::stop(ElementId element, scheduler::StopReason reason) {
  if (const auto fetching = fetching_.extract(element)) {
    exchange_.give_up(element);
    report_unstarted(fetching.mapped().launch, FailureClass::cancelled, "stopped");
  } else if (const auto waiting = waiting_.extract(element)) {
    followers_.erase(waiting.mapped().predecessor);
    report_unstarted(waiting.mapped().launch, FailureClass::cancelled, "stopped");
  } else if (Executor* const part = part_of(element)) {
    part->stop(element, reason);
  }
}

void RoutingExecutor::report_unstarted(const Launch& launch, FailureClass cls, const char* reason) {
  reports_.push_back(executor::report_unstarted(launch, cls, reason, call_clock()));
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
  if (&routes_.isolated != &routes_.commands) routes_.isolated.poll(reports);
  values_.flush();
  for (auto report = reports.begin() + first; report != reports.end(); ++report) {
    if (report->kind != AttemptReport::Kind::ended) continue;
    parts_.erase(report->element);
    start_what_follows(report->element);
  }
}

void RoutingExecutor::start_what_follows(ElementId predecessor) {
  const auto found = followers_.find(predecessor);
  if (found != followers_.end()) start_now(ElementId(found->second));
}

void RoutingExecutor::dismiss(ElementId element) {
  if (const auto fetching = fetching_.extract(element)) {
    exchange_.give_up(element);
    report_unstarted(fetching.mapped().launch, FailureClass::none, "");
  } else if (Executor* const part = part_of(element)) {
    part->dismiss(element);
  }
}

void RoutingExecutor::hear(const scheduler::PartyWord& word) {
  if (Executor* const part = part_of(word.element)) part->hear(word);
}

void RoutingExecutor::poll_words(std::vector<scheduler::PartyWord>& words) {
  routes_.commands.poll_words(words);
  routes_.functions.poll_words(words);
  if (&routes_.isolated != &routes_.commands) routes_.isolated.poll_words(words);
}

void RoutingExecutor::hear_value(const scheduler::ValueWord& word) {
  const ValueExchange::Told told = exchange_.hear(word);
  for (const ElementId element : told.complete) begin(fetching_.extract(element).mapped());
  for (const ElementId element : told.bereft)
    report_unstarted(fetching_.extract(element).mapped().launch, FailureClass::lost,
                     "a result that it is to be given was lost; it is made again");
}

}  // namespace fugle::function
