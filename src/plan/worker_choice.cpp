#include "plan/worker_choice.hpp"

#include <algorithm>
#include <map>

namespace fugle::plan {

bool chooses_its_place(const graph::Task& task) { return task.place != graph::Place::pack || task.shape.spread().workers > 1; }

WorkerChoice::WorkerChoice(const Problem& problem, std::span<const Placement> placements)
    : problem_(problem),
      placements_(placements),
      bytes_on_(problem.machine.num_workers()),
      is_holder_(bytes_on_.size()) {
  const Machine& machine = problem.machine;
  for (std::uint32_t w = 0; w < machine.node_of.size(); ++w) {
    if (machine.node_of[w] >= workers_on_.size()) workers_on_.resize(machine.node_of[w] + 1);
    workers_on_[machine.node_of[w]].push_back(w);
  }
  bytes_on_node_.resize(workers_on_.size());
  find_near_groups();
}

void WorkerChoice::find_near_groups() {
  const graph::Graph& graph = problem_.graph;
  std::map<std::string_view, std::uint32_t> group_of_name;
  near_of_.assign(graph.num_tasks(), kNone);
  member_of_.assign(graph.num_tasks(), kNone);
  for (std::uint32_t t = 0; t < graph.num_tasks(); ++t) {
    const graph::Task& task = graph.task(TaskId(t));
    if (task.place != graph::Place::near) continue;
    const auto [it, is_new] = group_of_name.try_emplace(task.near, near_groups_.size());
    if (is_new) near_groups_.push_back({task.near, std::vector<bool>(bytes_on_.size()), {}});
    near_of_[t] = it->second;
  }
  for (std::uint32_t t = 0; t < graph.num_tasks() && !group_of_name.empty(); ++t) {
    const auto found = group_of_name.find(graph.task(TaskId(t)).name);
    if (found != group_of_name.end()) member_of_[t] = found->second;
  }
}

void WorkerChoice::on_start(std::uint32_t element, WorkerId worker) {
  const std::uint32_t group = member_of_[problem_.graph.task_id_of(ElementId(element)).value()];
  if (group == kNone || near_groups_[group].is_on[worker.value()]) return;
  near_groups_[group].is_on[worker.value()] = true;
  near_groups_[group].workers.push_back(worker.value());
}

WorkerId WorkerChoice::choose(std::uint32_t element, WorkerPool& pool) {
  const std::uint32_t t = problem_.graph.task_id_of(ElementId(element)).value();
  const graph::Task& task = problem_.graph.task(TaskId(t));
  if (!pool.best_for(task.request).is_valid()) return WorkerId{};
  if (task.place == graph::Place::spread) return pool.best_for(task.request);
  add_up_inputs(element);
  WorkerId best;
  if (near_of_[t] != kNone) best = best_of(near_groups_[near_of_[t]].workers, task.request, pool, false);
  if (!best.is_valid()) best = best_of(holders_, task.request, pool, true);
  if (best.is_valid()) return best;
  const bool must_be_together = task.request.cores > 1 || task.request.gpus > 0 || task.request.whole_node;
  return must_be_together ? pool.fullest_for(task.request) : pool.best_for(task.request);
}

std::vector<WorkerId> WorkerChoice::choose_party(std::uint32_t element, WorkerPool& pool) {
  const std::uint32_t t = problem_.graph.task_id_of(ElementId(element)).value();
  const graph::Task& task = problem_.graph.task(TaskId(t));
  if (!pool.best_for(task.request).is_valid()) return {};
  if (task.place == graph::Place::spread)
    return pool.party_for(task.request, task.shape.spread(), WorkerId{}, Gather::apart);
  add_up_inputs(element);
  WorkerId leader;
  if (near_of_[t] != kNone) leader = best_of(near_groups_[near_of_[t]].workers, task.request, pool, false);
  if (!leader.is_valid()) leader = best_of(holders_, task.request, pool, true);
  return pool.party_for(task.request, task.shape.spread(), leader);
}

void WorkerChoice::add_up_inputs(std::uint32_t element) {
  for (const std::uint32_t w : holders_) {
    bytes_on_[w] = 0, is_holder_[w] = false;
    if (!workers_on_.empty()) bytes_on_node_[problem_.machine.node(w)] = 0;
  }
  holders_.clear();
  const auto needs = problem_.graph.needs(ElementId(element));
  for (std::size_t i = 0; i < needs.size(); ++i) {
    const WorkerId at = placements_[needs[i]].worker;
    const double bytes = problem_.bytes_of_need(element, i);
    if (at.is_valid() && bytes > 0) add_bytes(at.value(), bytes);
  }
}

void WorkerChoice::add_bytes(std::uint32_t worker, double bytes) {
  bytes_on_[worker] += bytes;
  const auto add_holder = [&](std::uint32_t w) {
    if (!is_holder_[w]) holders_.push_back(w), is_holder_[w] = true;
  };
  if (workers_on_.empty()) return add_holder(worker);
  const std::uint32_t node = problem_.machine.node(worker);
  const bool is_first_on_node = bytes_on_node_[node] == 0;
  bytes_on_node_[node] += bytes;
  if (is_first_on_node) std::for_each(workers_on_[node].begin(), workers_on_[node].end(), add_holder);
}

double WorkerChoice::score(std::uint32_t worker) const {
  if (workers_on_.empty()) return bytes_on_[worker];
  return (bytes_on_[worker] + bytes_on_node_[problem_.machine.node(worker)]) / 2;
}

WorkerId WorkerChoice::best_of(std::span<const std::uint32_t> workers, const graph::Request& request,
                               const WorkerPool& pool, bool needs_input) const {
  WorkerId best;
  double best_score = 0;
  for (const std::uint32_t w : workers) {
    const double here = score(w);
    if (!pool.has_room(WorkerId(w), request) || (needs_input && here <= 0)) continue;
    const std::uint32_t cores = pool.free_cores(WorkerId(w));
    const auto is_better = [&] {
      if (here != best_score) return here > best_score;
      if (cores != pool.free_cores(best)) return cores > pool.free_cores(best);
      return w < best.value();
    };
    if (!best.is_valid() || is_better()) best = WorkerId(w), best_score = here;
  }
  return best;
}

}  // namespace fugle::plan
