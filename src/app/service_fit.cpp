#include "app/service_fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.hpp"

namespace fugle::app {
namespace {

using graph::Task;

/// Places that are tried.
constexpr int kMostSteps = 100'000;

/// Looks for a place for each of some tasks on a machine that runs nothing else.
class Packing {
 public:
  Packing(const plan::Machine& machine, std::vector<const Task*> tasks)
      : machine_(machine), tasks_(std::move(tasks)), free_(machine.workers) {
    std::set<std::uint32_t> nodes;
    for (std::uint32_t w = 0; w < machine.num_workers(); ++w) nodes.insert(machine.node(w));
    is_one_per_node_ = nodes.size() == machine.num_workers();
  }

  /// False: there is none, for sure.
  [[nodiscard]] bool may_exist() { return place(0, 0, 0) || num_steps_ >= kMostSteps; }

 private:
  /// The parts of a task are on different nodes; of equal workers with nodes of their own any will do.
  bool place(std::size_t index, std::uint32_t part, std::uint32_t first) {
    if (index == tasks_.size()) return true;
    const graph::Request& request = tasks_[index]->request;
    std::vector<plan::Slot> tried;
    for (std::uint32_t w = first; w < machine_.num_workers() && num_steps_ < kMostSteps; ++w) {
      ++num_steps_;
      const plan::Slot taken = plan::taken_on(machine_.workers[w], request);
      plan::Slot& free = free_[w];
      if (!plan::can_hold(machine_.workers[w], request) || taken.cores > free.cores ||
          taken.mem_bytes > free.mem_bytes || taken.gpus > free.gpus || (part > 0 && is_on_node_of_parts(w)))
        continue;
      if (is_one_per_node_ && std::find(tried.begin(), tried.end(), free) != tried.end()) continue;
      tried.push_back(free);
      const plan::Slot before = free;
      free = {free.cores - taken.cores, free.mem_bytes - taken.mem_bytes, free.gpus - taken.gpus};
      parts_.push_back(w);
      num_parts_ = part + 1;
      const bool is_last = part + 1 >= tasks_[index]->shape.nodes;
      const bool is_found = is_last ? place(index + 1, 0, 0) : place(index, part + 1, w + 1);
      parts_.pop_back();
      num_parts_ = part;
      free_[w] = before;
      if (is_found) return true;
    }
    return false;
  }

  [[nodiscard]] bool is_on_node_of_parts(std::uint32_t worker) const {
    return std::any_of(parts_.end() - num_parts_, parts_.end(),
                       [&](std::uint32_t other) { return machine_.node(other) == machine_.node(worker); });
  }

  const plan::Machine& machine_;
  std::vector<const Task*> tasks_;
  std::vector<plan::Slot> free_;
  std::vector<std::uint32_t> parts_;  ///< workers of the parts that have been placed
  std::uint32_t num_parts_ = 0;       ///< of the task that is being placed
  bool is_one_per_node_ = false;
  int num_steps_ = 0;
};

struct Total {
  std::uint64_t cores = 0;
  std::uint64_t mem_bytes = 0;
  std::uint64_t gpus = 0;
};

/// What is the same wherever it is.
Total total_of(const std::vector<const Task*>& tasks) {
  Total total;
  for (const Task* task : tasks) {
    const std::uint64_t nodes = std::max(task->shape.nodes, 1u);
    total.cores += nodes * task->request.cores;
    total.mem_bytes += nodes * task->request.mem_bytes;
    total.gpus += nodes * task->request.gpus;
  }
  return total;
}

Total total_of(const plan::Machine& machine) {
  Total total;
  for (const plan::Slot& slot : machine.workers) {
    total.cores += slot.cores;
    total.mem_bytes += slot.mem_bytes;
    total.gpus += slot.gpus;
  }
  return total;
}

std::string why_not(const std::vector<const Task*>& tasks, const plan::Machine& machine) {
  const Total wanted = total_of(tasks), there = total_of(machine);
  if (wanted.cores > there.cores) return fmt::format("together {} cores, there are {}", wanted.cores, there.cores);
  if (wanted.gpus > there.gpus) return fmt::format("together {} GPUs, there are {}", wanted.gpus, there.gpus);
  if (wanted.mem_bytes > there.mem_bytes && there.mem_bytes > 0)
    return fmt::format("together {} of memory, there are {}", format_bytes(wanted.mem_bytes),
                       format_bytes(there.mem_bytes));
  return fmt::format("together {} cores, and nodes as these have no room for it at once", wanted.cores);
}

}  // namespace

ServiceFit::ServiceFit(const graph::Graph& graph, const plan::Machine& machine)
    : graph_(graph), machine_(machine), book_(graph) {}

std::vector<ServiceFit::Misfit> ServiceFit::find_misfits(const std::vector<std::uint32_t>& num_elements) const {
  std::vector<Misfit> misfits;
  if (!book_.has_services()) return misfits;
  std::set<std::uint32_t> seen;  // elements of a task need the same services
  for (std::uint32_t i = 0; i < graph_.num_elements(); ++i) {
    const ElementId e(i);
    if (graph_.is_gate(e) || !book_.is_user(e)) continue;
    const TaskId task = graph_.task_id_of(e);
    if (num_elements[task.value()] == 0 || !seen.insert(task.value()).second) continue;
    if (auto problem = misfit_of(e)) misfits.push_back({task, std::move(*problem)});
  }
  return misfits;
}

std::vector<ElementId> ServiceFit::services_of(ElementId user) const {
  std::set<ElementId> found;
  std::vector<ElementId> open{user};
  while (!open.empty()) {
    const ElementId e = open.back();
    open.pop_back();
    for (const ElementId service : book_.services_of(e))
      if (found.insert(service).second) open.push_back(service);
  }
  return {found.begin(), found.end()};
}

/// What fits nowhere even alone is another matter.
std::optional<std::string> ServiceFit::misfit_of(ElementId user) const {
  std::vector<const Task*> tasks{&graph_.task_of(user)};
  std::set<std::string> names;
  for (const ElementId service : services_of(user)) {
    tasks.push_back(&graph_.task_of(service));
    names.insert(graph_.task_of(service).name);
  }
  for (const Task* task : tasks)
    if (!Packing(machine_, {task}).may_exist()) return std::nullopt;
  const auto is_larger = [](const Task* a, const Task* b) {
    return std::pair(a->request.whole_node, a->request.cores) > std::pair(b->request.whole_node, b->request.cores);
  };
  const std::string name = tasks.front()->name;
  std::stable_sort(tasks.begin(), tasks.end(), is_larger);
  if (Packing(machine_, tasks).may_exist()) return std::nullopt;
  std::string list;
  for (const std::string& service : names) list += (list.empty() ? "" : ", ") + service;
  return fmt::format("task {} does not fit beside the {} it needs, {}: {}", name,
                     names.size() == 1 ? "service" : "services", list, why_not(tasks, machine_));
}

}  // namespace fugle::app
