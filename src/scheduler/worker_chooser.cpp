#include "scheduler/worker_chooser.hpp"

#include <algorithm>
#include <map>
#include <string_view>

#include "plan/party.hpp"

namespace fugle::scheduler {
namespace {

/// An element that gathers from more workers than this has no place that is much better; of more inputs than this the
/// first are typical.
constexpr std::size_t kMaxCandidates = 64;
constexpr std::size_t kMaxInputs = 1024;
constexpr std::uint32_t kNoNode = ~std::uint32_t{0};

std::vector<TaskId> near_tasks(const graph::Graph& graph) {
  std::map<std::string_view, TaskId> by_name;
  for (std::uint32_t t = 0; t < graph.num_tasks(); ++t) by_name.try_emplace(graph.task(TaskId(t)).name, t);
  std::vector<TaskId> near(graph.num_tasks());
  for (std::uint32_t t = 0; t < graph.num_tasks(); ++t) {
    const graph::Task& task = graph.task(TaskId(t));
    if (task.place != graph::Place::near) continue;
    if (const auto found = by_name.find(task.near); found != by_name.end()) near[t] = found->second;
  }
  return near;
}

}  // namespace

WorkerChooser::WorkerChooser(const graph::Graph& graph, const plan::Plan& plan, WorkerTable& workers,
                             const AttemptLengths& lengths)
    : graph_(graph),
      plan_(plan),
      workers_(workers),
      lengths_(lengths),
      near_(near_tasks(graph)),
      ran_on_(graph.num_elements()),
      last_worker_(graph.num_tasks()) {}

void WorkerChooser::grow() {
  ran_on_.resize(graph_.num_elements());
  if (last_worker_.size() == graph_.num_tasks()) return;
  last_worker_.resize(graph_.num_tasks());
  near_ = near_tasks(graph_);
}

void WorkerChooser::remember(ElementId element, WorkerId worker) {
  ran_on_[element.value()] = worker;
  last_worker_[graph_.task_id_of(element).value()] = worker;
}

WorkerId WorkerChooser::home_of(ElementId e) const {
  return plan_.homes.empty() || avoided_.contains(e) ? WorkerId() : plan_.homes[e.value()];
}

std::vector<WorkerId> WorkerChooser::choose(ElementId e, Time until, Backlog backlog) {
  if (graph_.task_of(e).shape.spread().workers > 1) return choose_party(e, until);
  const auto worker = choose_one(e, until, backlog);
  return worker ? std::vector{*worker} : std::vector<WorkerId>();
}

std::optional<WorkerId> WorkerChooser::choose_one(ElementId e, Time until, Backlog backlog) {
  if (const auto avoided = avoided_.find(e); avoided != avoided_.end()) {
    const WorkerTable::Entry& there = workers_.at(avoided->second);
    const graph::Request& request = graph_.task_of(e).request;
    if (const auto worker = away_from(there.node, request, until)) return worker;
    if (there.is_suspect && is_anyone_able_away_from(there.node, request, until)) return std::nullopt;
  }
  const auto worker = workers_.room().has_free_core() ? with_room(e, until) : std::nullopt;
  return worker || backlog == Backlog::none ? worker : with_backlog_room(e, until);
}

std::vector<WorkerId> WorkerChooser::choose_party(ElementId e, Time until) {
  if (const auto avoided = avoided_.find(e); avoided != avoided_.end()) {
    const WorkerTable::Entry& there = workers_.at(avoided->second);
    std::vector<WorkerId> party = party_away_from(there.node, e, until);
    if (!party.empty() || (there.is_suspect && are_able_away_from(there.node, e, until))) return party;
  }
  return party_away_from(kNoNode, e, until);
}

/// The fullest that have room; with `spread` the emptiest. Guests are in another allocation: no program of ours reaches
/// from one into another.
std::vector<WorkerId> WorkerChooser::party_away_from(std::uint32_t node, ElementId e, Time until) {
  const graph::Task& task = graph_.task_of(e);
  const bool is_apart = task.place == graph::Place::spread;
  plan::PartyPicker picker(task.shape.spread(), is_apart ? plan::Gather::apart : plan::Gather::together);
  const auto may_take_part = [&](WorkerId worker) {
    return workers_.at(worker).node != node && !workers_.at(worker).is_guest;
  };
  const auto offer = [&](WorkerId worker) {
    return !may_take_part(worker) || picker.offer(worker, workers_.at(worker).node);
  };
  if (is_apart) {
    std::vector<WorkerId> all;
    workers_.each_with_room(task.request, until, [&](WorkerId worker) { return all.push_back(worker), true; });
    (void)std::all_of(all.rbegin(), all.rend(), offer);
    return picker.take();
  }
  std::optional<WorkerId> leader = near_the_named_task(e, until);
  if (!leader || !may_take_part(*leader)) leader = near_its_inputs(e, until);
  if (leader && may_take_part(*leader)) picker.offer_leader(*leader, workers_.at(*leader).node);
  workers_.each_with_room(task.request, until, offer);
  return picker.take();
}

bool WorkerChooser::are_able_away_from(std::uint32_t node, ElementId e, Time until) const {
  const graph::Task& task = graph_.task_of(e);
  plan::PartyPicker picker(task.shape.spread(), plan::Gather::first);
  for (const WorkerTable::Entry& entry : workers_.all())
    if (entry.node != node && !entry.is_guest && workers_.is_able(entry.info.worker, task.request, until) &&
        !picker.offer(entry.info.worker, entry.node))
      break;
  return !picker.take().empty();
}

/// The first of those with most free cores. Linear: only for what has failed.
std::optional<WorkerId> WorkerChooser::away_from(std::uint32_t node, const graph::Request& request, Time until) const {
  std::optional<WorkerId> best;
  for (const WorkerTable::Entry& entry : workers_.all()) {
    const WorkerId worker = entry.info.worker;
    if (entry.node == node || !workers_.room().has_room(worker, request, until)) continue;
    if (!best || workers_.room().free_cores(worker) > workers_.room().free_cores(*best)) best = worker;
  }
  return best;
}

bool WorkerChooser::is_anyone_able_away_from(std::uint32_t node, const graph::Request& request, Time until) const {
  const auto& all = workers_.all();
  return std::any_of(all.begin(), all.end(), [&](const WorkerTable::Entry& entry) {
    return entry.node != node && workers_.is_able(entry.info.worker, request, until);
  });
}

std::optional<WorkerId> WorkerChooser::with_room(ElementId e, Time until) {
  const graph::Task& task = graph_.task_of(e);
  const WorkerId home = home_of(e);
  if (home.is_valid() && home.value() < workers_.num_ranks() && workers_.room().has_room(home, task.request, until))
    return home;
  if (task.place == graph::Place::spread) return workers_.room().with_most_room(task.request, until);
  if (const auto worker = near_the_named_task(e, until)) return worker;
  if (const auto worker = near_its_inputs(e, until)) return worker;
  const bool must_be_together = task.request.cores > 1 || task.request.gpus > 0 || task.request.whole_node;
  return must_be_together ? workers_.with_least_room(task.request, until)
                          : workers_.room().with_most_room(task.request, until);
}

std::optional<WorkerId> WorkerChooser::near_the_named_task(ElementId e, Time until) const {
  const TaskId near = near_[graph_.task_id_of(e).value()];
  const WorkerId there = near.is_valid() ? last_worker_[near.value()] : WorkerId();
  if (!there.is_valid()) return std::nullopt;
  const graph::Request& request = graph_.task_of(e).request;
  if (workers_.room().has_room(there, request, until)) return there;
  for (const WorkerId beside : workers_.beside(there))
    if (workers_.room().has_room(beside, request, until)) return beside;
  return std::nullopt;
}

/// The worker with room that holds most bytes of its inputs; what is on the same node counts half.
std::optional<WorkerId> WorkerChooser::near_its_inputs(ElementId e, Time until) const {
  const graph::Request& request = graph_.task_of(e).request;
  const bool has_bytes = !graph_.data().need_bytes.empty();
  const auto needs = graph_.needs(e);
  std::vector<std::pair<WorkerId, double>> candidates;
  const auto add = [&](WorkerId worker, double bytes) {
    const auto known = std::find_if(candidates.begin(), candidates.end(),
                                    [&](const auto& candidate) { return candidate.first == worker; });
    if (known != candidates.end())
      known->second += bytes;
    else if (candidates.size() < kMaxCandidates && workers_.room().has_room(worker, request, until))
      candidates.emplace_back(worker, bytes);
  };
  for (std::uint32_t i = 0; i < std::min(needs.size(), kMaxInputs); ++i) {
    const WorkerId worker = ran_on_[needs[i]];
    const double bytes = has_bytes ? graph_.need_bytes(e, i) : 1;
    if (!worker.is_valid() || bytes <= 0) continue;
    add(worker, bytes / 2);
    for (const WorkerId beside : workers_.beside(worker)) add(beside, bytes / 2);
  }
  const auto is_worse = [&](const auto& a, const auto& b) {
    if (a.second != b.second) return a.second < b.second;
    const std::uint32_t free_a = workers_.room().free_cores(a.first), free_b = workers_.room().free_cores(b.first);
    return free_a != free_b ? free_a < free_b : a.first > b.first;
  };
  const auto best = std::max_element(candidates.begin(), candidates.end(), is_worse);
  return best == candidates.end() ? std::nullopt : std::optional(best->first);
}

std::optional<WorkerId> WorkerChooser::with_backlog_room(ElementId e, Time until) const {
  const std::uint32_t backlog = lengths_.backlog_per_core(graph_.task_id_of(e));
  const graph::Request& request = graph_.task_of(e).request;
  if (backlog == 0 || request.whole_node) return std::nullopt;
  const WorkerId home = home_of(e);
  if (home.is_valid() && home.value() < workers_.num_ranks() &&
      workers_.has_backlog_room(home, request, backlog, until))
    return home;
  const auto worker = workers_.room().least_loaded(request, until);
  return worker && workers_.has_backlog_room(*worker, request, backlog, until) ? worker : std::nullopt;
}

}  // namespace fugle::scheduler
