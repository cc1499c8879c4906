// Which cores are whose at a moment of a prediction: the half of placement_view.hpp that replays.
#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <tuple>
#include <unordered_map>

#include "app/placement_view.hpp"
#include "base/assert.hpp"

namespace fugle::app {
namespace {

using topology::Holding;
using topology::Level;
using topology::Node;

struct Change {
  double time_s;
  bool is_start;  ///< ends come first: their cores are free for what starts then
  std::uint32_t element;
  auto operator<=>(const Change&) const = default;
};

std::vector<Change> changes_of(const graph::Graph& graph, const plan::Prediction& prediction, double until_s) {
  std::vector<Change> changes;
  for (std::uint32_t e = 0; e < prediction.placements.size(); ++e) {
    const plan::Placement& placed = prediction.placements[e];
    // What takes no time is over when it begins.
    if (!placed.worker.is_valid() || graph.is_gate(ElementId(e)) || !(placed.end_s > placed.start_s)) continue;
    if (placed.start_s <= until_s) changes.push_back({placed.start_s, true, e});
    if (placed.end_s <= until_s) changes.push_back({placed.end_s, false, e});
  }
  std::sort(changes.begin(), changes.end());
  return changes;
}

bool is_bound(const graph::Task& task) {
  const bool has_many = task.request.cores > 1 || task.shape.ranks > 0 || task.request.whole_node;
  return task.bind == graph::Bind::automatic ? has_many : task.bind != graph::Bind::none;
}

/// As a worker chooses.
Level level_of(const graph::Task& task) {
  switch (task.bind) {
    case graph::Bind::core: return Level::core;
    case graph::Bind::l3: return Level::l3;
    case graph::Bind::socket: return Level::package;
    default: return is_bound(task) ? Level::numa : Level::core;
  }
}

/// A worker's part of its node, and what is free of it.
class WorkerCores {
 public:
  WorkerCores(const Node& node, std::uint32_t local_index, std::uint32_t num_local)
      : part_(topology::share_of(node, local_index, num_local)), allocator_(part_) {
    std::unordered_map<std::uint32_t, std::uint32_t> pu_at, gpu_at;
    for (std::uint32_t i = 0; i < node.pus.size(); ++i) pu_at[node.pus[i].os_index] = i;
    for (std::uint32_t i = 0; i < node.gpus.size(); ++i) gpu_at[node.gpus[i].index] = i;
    for (const topology::Pu& pu : part_.pus) pu_on_node_.push_back(pu_at.at(pu.os_index));
    for (const topology::Device& gpu : part_.gpus) gpu_on_node_.push_back(gpu_at.at(gpu.index));
  }
  void start(std::uint32_t element, const graph::Task& task) {
    const graph::Request& request = task.request;
    const auto all_cores = static_cast<std::uint32_t>(part_.pus.size());
    const auto all_gpus = static_cast<std::uint32_t>(part_.gpus.size());
    const auto holding = allocator_.take(
        {request.whole_node ? all_cores : request.cores, request.whole_node ? all_gpus : request.gpus, level_of(task)});
    if (holding) held_.emplace(element, *holding);
  }
  void end(std::uint32_t element) {
    const auto found = held_.find(element);
    if (found == held_.end()) return;
    allocator_.give_back(found->second);
    held_.erase(found);
  }
  /// In positions of the node; empty when it found no room.
  [[nodiscard]] Holding holding_of(std::uint32_t element) const {
    const auto found = held_.find(element);
    if (found == held_.end()) return {};
    Holding holding = found->second;
    for (std::uint32_t& pu : holding.pus) pu = pu_on_node_[pu];
    for (std::uint32_t& gpu : holding.gpus) gpu = gpu_on_node_[gpu];
    return holding;
  }

 private:
  Node part_;
  topology::CpuAllocator allocator_;
  std::vector<std::uint32_t> pu_on_node_, gpu_on_node_;
  std::unordered_map<std::uint32_t, Holding> held_;
};

/// Made when a worker is first used: of thousands only some may be.
class Workers {
 public:
  explicit Workers(const PlacementMachine& machine) : machine_(machine) {
    for (std::uint32_t worker = 0; worker < machine.node_of.size(); ++worker) {
      std::uint32_t& count = num_on_node_[machine.node_of[worker]];
      local_index_.push_back(count++);
    }
  }
  [[nodiscard]] std::uint32_t node_of(WorkerId worker) const {
    return machine_.node_of.empty() ? worker.value() : machine_.node_of[worker.value()];
  }
  WorkerCores& operator[](WorkerId worker) {
    const auto found = workers_.find(worker.value());
    if (found != workers_.end()) return found->second;
    const std::uint32_t node = node_of(worker);
    FUGLE_EXPECT(node < machine_.nodes.size(), "a worker runs on no known node");
    const bool is_shared = !machine_.node_of.empty();
    return workers_
        .try_emplace(worker.value(), machine_.nodes[node], is_shared ? local_index_[worker.value()] : 0,
                     is_shared ? num_on_node_.at(node) : 1)
        .first->second;
  }

 private:
  PlacementMachine machine_;
  std::map<std::uint32_t, std::uint32_t> num_on_node_;
  std::vector<std::uint32_t> local_index_;
  std::unordered_map<std::uint32_t, WorkerCores> workers_;
};

/// The leader first.
std::vector<WorkerId> workers_of(const plan::Prediction& prediction, std::uint32_t element) {
  const auto party = prediction.parties.find(element);
  return party == prediction.parties.end() ? std::vector{prediction.placements[element].worker} : party->second;
}

}  // namespace

double busiest_moment(const graph::Graph& graph, const plan::Prediction& prediction) {
  std::uint64_t cores = 0, most = 0;
  double moment = 0;
  for (const Change& change : changes_of(graph, prediction, std::numeric_limits<double>::infinity())) {
    const graph::Task& task = graph.task_of(ElementId(change.element));
    const std::uint32_t request = task.request.cores * task.shape.spread().workers;
    cores = change.is_start ? cores + request : cores - request;
    if (cores <= most) continue;
    most = cores;
    moment = change.time_s;
  }
  return moment;
}

std::vector<PlacedElement> placements_at(const graph::Graph& graph, const plan::Prediction& prediction,
                                         const PlacementMachine& machine, double moment_s) {
  Workers workers(machine);
  for (const Change& change : changes_of(graph, prediction, moment_s)) {
    for (const WorkerId worker : workers_of(prediction, change.element)) {
      if (change.is_start)
        workers[worker].start(change.element, graph.task_of(ElementId(change.element)));
      else
        workers[worker].end(change.element);
    }
  }
  std::vector<PlacedElement> running;
  for (const Change& change : changes_of(graph, prediction, moment_s)) {
    const plan::Placement& placed = prediction.placements[change.element];
    if (!change.is_start || placed.end_s <= moment_s) continue;
    const graph::Task& task = graph.task_of(ElementId(change.element));
    for (const WorkerId worker : workers_of(prediction, change.element))
      running.push_back({std::string(graph.id(ElementId(change.element))), task.name, workers.node_of(worker),
                         workers[worker].holding_of(change.element), is_bound(task), placed.start_s, placed.end_s});
  }
  return running;
}

}  // namespace fugle::app
