#include "app/fit_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include "app/service_fit.hpp"
#include "base/text.hpp"
#include "executor/node_folder.hpp"
#include "plan/party.hpp"

namespace fugle::app {
namespace {

using graph::Bind;
using workflow::Position;

/// The most of each kind that some worker has.
plan::Slot largest_of(const plan::Machine& machine) {
  plan::Slot most{0, 0, 0};
  for (const plan::Slot& worker : machine.workers) {
    most.cores = std::max(most.cores, worker.cores);
    most.mem_bytes = std::max(most.mem_bytes, worker.mem_bytes);
    most.gpus = std::max(most.gpus, worker.gpus);
  }
  return most;
}

/// Of the workers that `holds` is true of.
template <class Holds>
std::uint32_t count_nodes(const plan::Machine& machine, const Holds& holds) {
  std::set<std::uint32_t> nodes;
  for (std::uint32_t w = 0; w < machine.num_workers(); ++w)
    if (holds(w)) nodes.insert(machine.node(w));
  return static_cast<std::uint32_t>(nodes.size());
}

bool has_cores(const plan::Machine& machine, std::uint32_t worker) { return machine.workers[worker].cores > 0; }

std::uint32_t count_nodes(const plan::Machine& machine) {
  return count_nodes(machine, [&](std::uint32_t worker) { return has_cores(machine, worker); });
}

bool is_one_per_node(const plan::Machine& machine) {
  return count_nodes(machine, [](std::uint32_t) { return true; }) == machine.num_workers();
}

std::string counted(std::uint64_t count, std::string_view thing) {
  return fmt::format("{} {}{}", count, thing, count == 1 ? "" : "s");
}

/// Where each key stands in the file; not written: where its task does.
class Places {
 public:
  explicit Places(const workflow::Workflow* workflow) {
    if (workflow == nullptr) return;
    for (const workflow::TaskNode& task : workflow->tasks) tasks_.emplace(task.name, &task);
  }
  [[nodiscard]] Position of(const std::string& task) const {
    const auto found = tasks_.find(task);
    return found == tasks_.end() ? Position{} : found->second->at;
  }
  template <class T>
  [[nodiscard]] Position of(const std::string& task, workflow::Field<T> workflow::TaskNode::*key) const {
    const auto found = tasks_.find(task);
    if (found == tasks_.end()) return {};
    const Position at = (found->second->*key).at;
    return at.line > 0 ? at : found->second->at;
  }
  /// Of the first of the keys that is written.
  [[nodiscard]] Position of_first(
      const std::string& task, std::initializer_list<workflow::Field<std::int64_t> workflow::TaskNode::*> keys) const {
    const auto found = tasks_.find(task);
    if (found == tasks_.end()) return {};
    for (const auto key : keys)
      if ((found->second->*key).at.line > 0) return (found->second->*key).at;
    return found->second->at;
  }

 private:
  std::map<std::string_view, const workflow::TaskNode*> tasks_;
};

class FitCheck {
 public:
  FitCheck(const FitQuestion& question, workflow::Diagnostics& diagnostics)
      : question_(question),
        machine_(question.workers.machine),
        diagnostics_(diagnostics),
        places_(question.workflow),
        largest_(largest_of(machine_)),
        num_nodes_(question.num_nodes > 0 ? question.num_nodes : count_nodes(machine_)),
        is_one_per_node_(is_one_per_node(machine_)),
        holder_(is_one_per_node_ ? "node" : "worker") {}

  void check(const graph::Task& task, std::uint32_t num_elements) {
    check_level(task);
    check_scratch(task, num_elements);
    if (task.shape.nodes > num_nodes_)
      check_nodes(task, num_elements);
    else
      check_workers(task, num_elements);
  }

  /// Of what runs beside services for as long as it runs. Workers that stand for many tell nothing of that.
  void check_services(const std::vector<std::uint32_t>& num_elements) {
    if (question_.num_nodes > 0) return;
    for (const auto& [task, problem] : ServiceFit(question_.graph, machine_).find_misfits(num_elements))
      say(problem, places_.of(question_.graph.task(task).name), num_elements[task.value()], false);
  }

  /// Of all tasks together: the file asks for an allocation that this one is not.
  void say_what_is_too_small() {
    if (num_without_nodes_ == 0) return;
    diagnostics_.warning(
        "W09", question_.workflow == nullptr ? Position{} : question_.workflow->slurm.nodes.at,
        fmt::format("allocation has {}, slurm.nodes is {}; {} cannot run here", counted(num_nodes_, "node"),
                    question_.asked_nodes, counted(num_without_nodes_, "element")));
  }

 private:
  void check_nodes(const graph::Task& task, std::uint32_t num_elements) {
    if (question_.misfit == Misfit::refused)
      return diagnostics_.error(
          "E302", place_of_nodes(task),
          fmt::format("task {} needs {} nodes, allocation has {}", task.name, task.shape.nodes, num_nodes_));
    if (question_.asked_nodes > num_nodes_) {
      num_without_nodes_ += num_elements;
      return;
    }
    diagnostics_.warning(
        "W09", place_of_nodes(task),
        fmt::format("allocation has {}, task {} needs {}; {} cannot run here", counted(num_nodes_, "node"), task.name,
                    task.shape.nodes, counted(num_elements, "element")));
  }

  [[nodiscard]] Position place_of_nodes(const graph::Task& task) const {
    using workflow::TaskNode;
    return places_.of_first(task.name, {&TaskNode::nodes, &TaskNode::ranks, &TaskNode::ranks_per_node});
  }

  [[nodiscard]] Position place_of_cores(const graph::Task& task) const {
    using workflow::TaskNode;
    if (task.shape.ranks_on(0) <= 1) return places_.of(task.name, &TaskNode::cores);
    return places_.of_first(task.name, {&TaskNode::ranks_per_node, &TaskNode::ranks, &TaskNode::cores});
  }

  [[nodiscard]] Position place_of_gpus(const graph::Task& task) const {
    using workflow::TaskNode;
    return places_.of_first(task.name, {&TaskNode::gpus, &TaskNode::gpus_per_rank});
  }

  [[nodiscard]] bool can_hold(std::uint32_t worker, const graph::Request& request) const {
    return plan::can_hold(machine_.workers[worker], request) && (!request.whole_node || is_alone(worker));
  }

  /// No other one on its node runs tasks.
  [[nodiscard]] bool is_alone(std::uint32_t worker) const {
    if (is_one_per_node_) return true;
    for (std::uint32_t other = 0; other < machine_.num_workers(); ++other)
      if (other != worker && machine_.node(other) == machine_.node(worker) && has_cores(machine_, other)) return false;
    return true;
  }

  void check_workers(const graph::Task& task, std::uint32_t num_elements) {
    const graph::Request& request = task.request;
    const std::uint32_t able = count_nodes(machine_, [&](std::uint32_t worker) { return can_hold(worker, request); });
    if (able == 0) return say_what_is_missing(task, num_elements);
    if (task.shape.part != graph::Part::node) return check_ranks(task, num_elements);
    if (able >= task.shape.nodes || question_.num_nodes > 0) return;
    say(fmt::format("task {} needs {} nodes of {} cores, allocation has {} that can hold it", task.name,
                    task.shape.nodes, request.cores, able),
        place_of_nodes(task), num_elements, false);
  }

  /// Of a function that several workers call together.
  void check_ranks(const graph::Task& task, std::uint32_t num_elements) {
    const graph::Spread spread = task.shape.spread();
    plan::PartyPicker picker(spread, plan::Gather::first);
    std::uint32_t able = 0;
    for (std::uint32_t w = 0; w < machine_.num_workers(); ++w) {
      if (!has_cores(machine_, w) || !can_hold(w, task.request)) continue;
      ++able;
      (void)picker.offer(WorkerId(w), machine_.node(w));
    }
    if (!picker.take().empty() || question_.num_nodes > 0) return;
    const std::string where = spread.nodes == 0 ? std::string() : fmt::format(" on {}", counted(spread.nodes, "node"));
    say(fmt::format("task {} needs {}{}, {} can hold it; start as many ranks (-n {})", task.name,
                    counted(spread.workers, "worker"), where, able, spread.workers),
        place_of_nodes(task), num_elements, false);
  }

  void say_what_is_missing(const graph::Task& task, std::uint32_t num_elements) {
    const graph::Request& request = task.request;
    bool is_said = false;
    const auto complain = [&](const std::string& wanted, const std::string& most, Position at, bool is_absent) {
      is_said = true;
      say(fmt::format("task {} needs {}, largest {} has {}", task.name, wanted, holder_, most), at, num_elements,
          is_absent);
    };
    if (request.cores > largest_.cores)
      complain(fmt::format("{} cores", request.cores), std::to_string(largest_.cores), place_of_cores(task), false);
    if (largest_.mem_bytes > 0 && request.mem_bytes > largest_.mem_bytes)
      complain(format_bytes(request.mem_bytes), format_bytes(largest_.mem_bytes),
               places_.of(task.name, &workflow::TaskNode::mem), false);
    if (request.gpus > largest_.gpus)
      complain(counted(request.gpus, "gpu"), std::to_string(largest_.gpus), place_of_gpus(task), largest_.gpus == 0);
    if (is_said) return;
    if (request.whole_node && !is_one_per_node_)
      say(fmt::format("task {} needs whole nodes, and several workers share each; start one worker on a node",
                      task.name),
          places_.of(task.name, &workflow::TaskNode::exclusive), num_elements, false);
    else
      say(fmt::format("task {} fits on no {}: none has all it needs at once", task.name, holder_), place_of_cores(task),
          num_elements, false);
  }

  void say(const std::string& problem, Position at, std::uint32_t num_elements, bool is_absent) {
    if (question_.misfit == Misfit::refused || (question_.misfit == Misfit::reported && is_absent))
      diagnostics_.error("E302", at, problem);
    else
      diagnostics_.warning("W09", at, fmt::format("{}; {} cannot run here", problem, counted(num_elements, "element")));
  }

  void check_scratch(const graph::Task& task, std::uint32_t num_elements) {
    if (task.scratch_bytes == 0 || !question_.free_scratch || count_nodes(machine_) > 1) return;
    const auto free = question_.free_scratch(task.scratch_root);
    if (!free || *free >= task.scratch_bytes) return;
    say(fmt::format("task {} needs {} of scratch, {} has {} free", task.name, format_bytes(task.scratch_bytes),
                    task.scratch_root.empty() ? "this node" : task.scratch_root, format_bytes(*free)),
        places_.of(task.name, &workflow::TaskNode::scratch), num_elements, true);
  }

  void check_level(const graph::Task& task) {
    for (const topology::Node& part : question_.workers.parts) {
      const bool is_absent = (task.bind == Bind::l3 && !part.has_l3) || (task.bind == Bind::numa && !part.has_numa);
      if (!is_absent || part.pus.empty()) continue;
      diagnostics_.warning("W04", places_.of(task.name, &workflow::TaskNode::bind),
                           fmt::format("no {} level on node {}; binding to {}", task.bind == Bind::l3 ? "l3" : "numa",
                                       part.name, task.bind == Bind::l3 && part.has_numa ? "numa" : "socket"));
      return;
    }
  }

  const FitQuestion& question_;
  const plan::Machine& machine_;
  workflow::Diagnostics& diagnostics_;
  Places places_;
  plan::Slot largest_;
  std::uint32_t num_nodes_;
  bool is_one_per_node_;
  std::string_view holder_;
  std::uint64_t num_without_nodes_ = 0;  ///< elements
};

}  // namespace

std::optional<std::uint64_t> free_scratch_here(const std::string& root) {
  std::error_code problem;
  const auto space =
      std::filesystem::space(root.empty() ? executor::default_scratch_root() : std::string(root), problem);
  if (problem) return std::nullopt;
  return space.available;
}

std::vector<std::uint32_t> elements_per_task(const graph::Graph& graph, const std::vector<bool>& left_out) {
  std::vector<std::uint32_t> counts(graph.num_tasks());
  for (std::uint32_t e = 0; e < graph.num_elements(); ++e)
    if (!graph.is_gate(ElementId(e)) && (left_out.empty() || !left_out[e]))
      ++counts[graph.task_id_of(ElementId(e)).value()];
  return counts;
}

void check_fit(const FitQuestion& question, const std::vector<std::uint32_t>& num_elements,
               workflow::Diagnostics& diagnostics) {
  FitCheck check(question, diagnostics);
  for (std::uint32_t t = 0; t < question.graph.num_tasks(); ++t)
    if (num_elements[t] > 0) check.check(question.graph.task(TaskId(t)), num_elements[t]);
  check.check_services(num_elements);
  check.say_what_is_too_small();
}

}  // namespace fugle::app
