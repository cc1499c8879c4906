// The head's answer to failures: what they mean for the rest of the run, for the rest of their task, and for their
// node.
#include <fmt/format.h>

#include <set>

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

/// The rest of a task of which more failed than it tolerates is not worth its time.
void Head::cancel_beyond_tolerance(Time now) {
  if (beyond_tolerance_.empty()) return;
  std::set<std::string_view> beyond;
  for (const TaskId task : beyond_tolerance_) beyond.insert(graph_.task(task).name);
  beyond_tolerance_.clear();
  for (std::uint32_t i = 0; i < graph_.num_elements(); ++i) {
    const std::string& task = graph_.task_of(ElementId(i)).name;
    if (beyond.contains(task)) cancel_element(ElementId(i), "the tolerance of " + task, now);
  }
}

}  // namespace fugle::scheduler
