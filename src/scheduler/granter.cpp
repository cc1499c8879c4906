#include "scheduler/granter.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace fugle::scheduler {
namespace {

/// Attempts shorter than this are worth a backlog, deep enough to bridge this much time.
constexpr double kShortAttempt = 0.020;
constexpr double kBridgedTime = 0.005;
constexpr std::uint32_t kMaxBacklogPerCore = 64;
/// Elements in one lease.
constexpr std::size_t kMaxLease = 1024;
/// How often the best READY element may be passed over, per core, before a worker is kept free for it.
constexpr std::uint32_t kMaxBypassedPerCore = 4;

std::vector<std::uint32_t> first_elements_by_name(const Graph& graph) {
  std::map<std::string_view, std::uint32_t> first;
  std::vector<std::uint32_t> seen(graph.num_tasks(), ElementId::kInvalid);
  for (std::uint32_t e = 0; e < graph.num_elements(); ++e) {
    const std::uint32_t t = graph.task_id_of(ElementId(e)).value();
    if (seen[t] == ElementId::kInvalid) seen[t] = first.try_emplace(graph.task(TaskId(t)).name, e).first->second;
  }
  return seen;
}

}  // namespace

Granter::Granter(const RunState& run, std::span<const std::uint32_t> order, WorkerTable& workers, LeaseBook& leases,
                 ReadyQueue& ready, Outbox& outbox)
    : run_(run),
      graph_(run.graph()),
      order_(order),
      workers_(workers),
      leases_(leases),
      ready_(ready),
      outbox_(outbox),
      first_of_name_(first_elements_by_name(graph_)),
      lengths_(graph_.num_tasks()) {}

void Granter::learn(TaskId task, Duration length) {
  Mean& mean = lengths_[task.value()];
  mean.count = std::min(mean.count + 1, 64u);
  mean.seconds += (to_seconds(length) - mean.seconds) / mean.count;
}

std::uint32_t Granter::backlog_per_core(TaskId task) const {
  const Mean& mean = lengths_[task.value()];
  if (mean.count == 0 || mean.seconds >= kShortAttempt) return 0;
  const double depth = std::ceil(kBridgedTime / std::max(mean.seconds, 1e-6));
  return static_cast<std::uint32_t>(std::min<double>(depth, kMaxBacklogPerCore));
}

/// Grants the best element that fits somewhere, again and again. Among requests, the one whose first element comes
/// first in order is tried first.
void Granter::grant_what_fits() {
  std::set<WorkerId> reserved;
  std::vector<ReadyQueue::Class*> open;
  for (ReadyQueue::Class& cls : ready_.classes())
    if (!cls.heap.empty()) open.push_back(&cls);
  const auto is_later = [](const auto* a, const auto* b) { return a->heap.top() > b->heap.top(); };
  std::make_heap(open.begin(), open.end(), is_later);
  std::vector<ReadyQueue::Class*> passed_over;
  const std::uint32_t patience = kMaxBypassedPerCore * workers_.total_cores();
  while (!open.empty()) {
    std::pop_heap(open.begin(), open.end(), is_later);
    ReadyQueue::Class& cls = *open.back();
    const ElementId e = ready_.first_of(cls);
    if (run_.state(e) != State::ready || leases_.is_held(e)) {  // cancelled or granted since it was queued
      ready_.pop(cls);
    } else if (const auto worker = workers_.find_free(cls.request, backlog_per_core(graph_.task_id_of(e)), reserved)) {
      ready_.pop(cls);
      for (ReadyQueue::Class* other : passed_over) ++other->bypassed;
      grant_lease(*worker, e);
    } else {
      if (cls.bypassed > patience)
        if (const auto kept = workers_.find_able(cls.request, reserved)) reserved.insert(*kept);
      passed_over.push_back(&cls);
      open.pop_back();
      continue;
    }
    if (cls.heap.empty())
      open.pop_back();
    else
      std::push_heap(open.begin(), open.end(), is_later);
  }
  for (auto& [worker, grant] : grants_) outbox_.send(worker, std::move(grant));
  grants_.clear();
}

/// Whether the successor needs nothing that has not ended but `last`, and the worker can run it.
bool Granter::may_follow(ElementId successor, ElementId last, const WorkerInfo& worker) const {
  if (graph_.is_gate(successor) || leases_.is_held(successor) || run_.state(successor) != State::waiting) return false;
  const graph::Request& request = graph_.task_of(successor).request;
  if (request.cores > worker.cores || request.mem_bytes > worker.mem_bytes) return false;
  const auto needs = graph_.needs(successor);
  return std::all_of(needs.begin(), needs.end(),
                     [&](std::uint32_t need) { return ElementId(need) == last || run_.counts_as_ok(ElementId(need)); });
}

void Granter::grant_lease(WorkerId worker, ElementId first) {
  Grant& grant = grant_of(worker);
  ElementId last = first;
  for (std::size_t length = 1;; ++length) {
    leases_.hold(worker, last);
    bring_task(worker, graph_.task_id_of(last), grant);
    grant.elements.push_back(leased(last));
    grant.elements.back().waits_for = length == 1 ? 0 : 1;
    const auto successors = graph_.successors(last);
    if (length == kMaxLease || successors.size() != 1) return;
    const ElementId next(successors[0]);
    if (!may_follow(next, last, workers_.at(worker).info)) return;
    grant.elements.back().releases.push_back(next);
    last = next;
  }
}

Grant& Granter::grant_of(WorkerId worker) {
  const auto found =
      std::find_if(grants_.begin(), grants_.end(), [&](const auto& entry) { return entry.first == worker; });
  return found != grants_.end() ? found->second : grants_.emplace_back(worker, Grant{}).second;
}

void Granter::bring_task(WorkerId worker, TaskId task, Grant& grant) {
  std::vector<bool>& known = workers_.at(worker).knows_task;
  if (known[task.value()]) return;
  known[task.value()] = true;
  // The graph outlives every message: no copy, no owner besides it.
  grant.tasks.emplace_back(task, std::shared_ptr<const graph::Task>(std::shared_ptr<void>(), &graph_.task(task)));
}

LeasedElement Granter::leased(ElementId element) const {
  LeasedElement out;
  out.element = element;
  out.task = graph_.task_id_of(element);
  out.attempt = static_cast<std::uint16_t>(run_.attempt(element) + 1);
  out.index = element.value() - first_of_name_[out.task.value()];
  out.order = order_[element.value()];
  out.id = graph_.id(element);
  out.packed_text = graph_.packed_text(element);
  return out;
}

/// An idle worker and nothing READY here: half of the deepest backlog comes back, worst elements first.
void Granter::take_back_for_idle_workers() {
  if (ready_.size() > 0) return;
  const auto& all = workers_.all();
  const bool someone_is_idle = std::any_of(all.begin(), all.end(), [](const auto& entry) {
    return entry.info.alive && entry.active_cores < entry.info.cores;
  });
  if (!someone_is_idle) return;
  WorkerTable::Entry* victim = nullptr;
  std::uint32_t deepest = 0;
  for (WorkerTable::Entry& entry : workers_.all()) {
    if (!entry.info.alive || entry.is_revoking || entry.active_cores <= entry.info.cores) continue;
    const std::uint32_t surplus = entry.active_cores - entry.info.cores;
    if (surplus > deepest && entry.queued.size() > 1) victim = &entry, deepest = surplus;
  }
  if (victim == nullptr) return;
  Revoke revoke;
  std::size_t wanted = (victim->queued.size() + 1) / 2;
  for (auto worst = victim->queued.rbegin(); worst != victim->queued.rend() && wanted > 0; ++worst, --wanted)
    revoke.elements.push_back(ready_.element_at(*worst));
  victim->is_revoking = true;
  outbox_.send(victim->info.worker, std::move(revoke));
}

}  // namespace fugle::scheduler
