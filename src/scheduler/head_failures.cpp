// The head's answer to failures: what they mean for the rest of the run, for the rest of their task, and for their
// node.
#include <fmt/format.h>

#include <set>
#include <utility>

#include "scheduler/head.hpp"

namespace fugle::scheduler {

/// A failure that no further attempt and no tolerance mends may be the end of more than the element.
void Head::note_failure(ElementId e) {
  if (run_.state(e) != State::failed || run_.counts_as_ok(e)) return;
  const std::uint32_t most = graph_.limits().max_failures;
  const std::uint64_t failed = run_.count(State::failed) - run_.num_ignored() - run_.num_tolerated();
  if (most > 0 && failed >= most)
    want_stop(Engine::StopKind::stop, fmt::format("{} elements failed (limits.max_failures is {})", failed, most));
  if (!run_.has_answered(e)) return;
  const graph::Task& task = graph_.task_of(e);
  const bool is_first =
      task.fail_fast && !task.tolerate.is_given() &&
      given_up_.try_emplace(task.name, GivenUp{fmt::format("{}, which failed (fail_fast)", graph_.id(e)), 0}).second;
  if (is_first) to_give_up_.insert(task.name);
  const graph::OnFailure policy = graph_.task_of(e).on_failure;
  if (options_.fail_fast || policy == graph::OnFailure::stop)
    want_stop(Engine::StopKind::stop,
              fmt::format("{} failed{}", graph_.id(e), options_.fail_fast ? "" : " (on_failure: stop)"));
  else if (policy == graph::OnFailure::drain)
    want_stop(Engine::StopKind::drain, fmt::format("{} failed (on_failure: drain)", graph_.id(e)));
}

/// A stop outdoes a drain; else the first reason is told.
void Head::want_stop(Engine::StopKind kind, std::string why) {
  const bool is_harder = wanted_stop_ && wanted_stop_->kind == Engine::StopKind::drain && kind != wanted_stop_->kind;
  if (!wanted_stop_ || is_harder) wanted_stop_ = WantedStop{kind, std::move(why)};
}

void Head::note_health(ElementId e, WorkerId worker, FailureClass cls, Time now) {
  const std::uint32_t node = workers_.at(worker).node;
  if (cls == FailureClass::none) {
    const bool was_suspect = health_.is_suspect(node);
    const auto blamed = health_.on_ok(node, e);
    if (was_suspect) workers_.set_suspect(node, false);
    if (blamed) suspect(*blamed, now);
  } else if (cls != FailureClass::cancelled && cls != FailureClass::preempted) {
    health_.on_failure(node, e, cls);
    if (!graph::is_infrastructure(cls)) return;
    if (!options_.plan.homes.empty()) options_.plan.homes[e.value()] = WorkerId();
    granter_.avoid(e, worker);
    suspect(node, now);
  }
}

/// The last good node is never drained: then it is not the node, or there is nothing better.
void Head::suspect(std::uint32_t node, Time now) {
  workers_.set_suspect(node, true);
  if (!health_.is_bad(node) || workers_.is_drained(node) || !workers_.has_good_node_besides(node)) return;
  infos_are_old_ = true;
  const WorkerId first = workers_.on_node(node).front();
  Event drained = event_of(EventKind::node_drained, now);
  drained.worker = first;
  drained.text = fmt::format("{}: {} failures in a row that were not the fault of what ran there",
                             workers_.at(first).info.node, NodeHealth::kMostStrikes);
  record(std::move(drained));
  for (const WorkerId worker : workers_.on_node(node)) {
    workers_.drain(worker);
    if (workers_.is_alive(worker)) revoke_what_waits(worker, now);
  }
}

/// The rest of a task of which more failed than it tolerates is not worth its time, nor is that of one with
/// `fail_fast`.
void Head::cancel_siblings(Time now) {
  std::set<std::string> beyond;
  for (const TaskId task : std::exchange(beyond_tolerance_, {})) beyond.insert(graph_.task(task).name);
  for (const std::string& task : beyond)
    for (const ElementId e : elements_of(task)) cancel_element(e, "the tolerance of " + task, now);
  for (const std::string& task : std::exchange(to_give_up_, {})) {
    GivenUp& given_up = given_up_.at(task);
    const std::vector<ElementId>& all = elements_of(task);
    for (; given_up.num_cancelled < all.size(); ++given_up.num_cancelled)
      if (const ElementId e = all[given_up.num_cancelled]; !is_left_out(e)) cancel_element(e, given_up.who, now);
  }
}

/// Known from the first time on that somebody asks.
const std::vector<ElementId>& Head::elements_of(const std::string& task) {
  TaskId last;
  std::vector<ElementId>* same = nullptr;  // neighbours are mostly of one task
  for (; num_sorted_ < graph_.num_elements(); ++num_sorted_) {
    const ElementId e(num_sorted_);
    const TaskId t = graph_.task_id_of(e);
    if (same == nullptr || t != last) last = t, same = &elements_of_task_[graph_.task(t).name];
    same->push_back(e);
  }
  return elements_of_task_[task];
}

}  // namespace fugle::scheduler
