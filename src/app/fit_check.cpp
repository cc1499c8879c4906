#include "app/fit_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include "base/text.hpp"
#include "executor/node_folder.hpp"

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

bool is_one_per_node(const plan::Machine& machine) {
  std::set<std::uint32_t> nodes;
  for (std::uint32_t w = 0; w < machine.num_workers(); ++w)
    if (!nodes.insert(machine.node(w)).second) return false;
  return true;
}

/// Where each key stands in the file; not written: where its task does.
class Places {
 public:
  explicit Places(const workflow::Workflow* workflow) {
    if (workflow == nullptr) return;
    for (const workflow::TaskNode& task : workflow->tasks) tasks_.emplace(task.name, &task);
  }
  template <class T>
  [[nodiscard]] Position of(const std::string& task, workflow::Field<T> workflow::TaskNode::*key) const {
    const auto found = tasks_.find(task);
    if (found == tasks_.end()) return {};
    const Position at = (found->second->*key).at;
    return at.line > 0 ? at : found->second->at;
  }

 private:
  std::map<std::string_view, const workflow::TaskNode*> tasks_;
};

class FitCheck {
 public:
  FitCheck(const FitQuestion& question, workflow::Diagnostics& diagnostics)
      : question_(question),
        diagnostics_(diagnostics),
        places_(question.workflow),
        largest_(largest_of(question.workers.machine)),
        holder_(is_one_per_node(question.workers.machine) ? "node" : "worker") {}

  void check(const graph::Task& task, std::uint32_t num_elements) {
    check_level(task);
    check_scratch(task, num_elements);
    const auto& workers = question_.workers.machine.workers;
    const graph::Request& request = task.request;
    const bool fits =
        std::ranges::any_of(workers, [&](const plan::Slot& worker) { return plan::can_hold(worker, request); });
    if (fits) return;
    bool is_said = false;
    const auto complain = [&](const std::string& wanted, const std::string& most, Position at, bool is_absent) {
      is_said = true;
      say(fmt::format("task {} needs {}, largest {} has {}", task.name, wanted, holder_, most), at, num_elements,
          is_absent);
    };
    if (request.cores > largest_.cores)
      complain(fmt::format("{} cores", request.cores), std::to_string(largest_.cores),
               places_.of(task.name, &workflow::TaskNode::cores), false);
    if (largest_.mem_bytes > 0 && request.mem_bytes > largest_.mem_bytes)
      complain(format_bytes(request.mem_bytes), format_bytes(largest_.mem_bytes),
               places_.of(task.name, &workflow::TaskNode::mem), false);
    if (request.gpus > largest_.gpus)
      complain(fmt::format("{} {}", request.gpus, request.gpus == 1 ? "gpu" : "gpus"), std::to_string(largest_.gpus),
               places_.of(task.name, &workflow::TaskNode::gpus), largest_.gpus == 0);
    if (!is_said)
      say(fmt::format("task {} fits on no {}: none has all it needs at once", task.name, holder_),
          places_.of(task.name, &workflow::TaskNode::cores), num_elements, false);
  }

 private:
  void say(const std::string& problem, Position at, std::uint32_t num_elements, bool is_absent) {
    if (question_.misfit == Misfit::refused || (question_.misfit == Misfit::reported && is_absent))
      diagnostics_.error("E302", at, problem);
    else
      diagnostics_.warning(
          "W09", at,
          fmt::format("{}; {} {} cannot run here", problem, num_elements, num_elements == 1 ? "element" : "elements"));
  }

  void check_scratch(const graph::Task& task, std::uint32_t num_elements) {
    if (task.scratch_bytes == 0 || !question_.free_scratch || !is_one_node()) return;
    const auto free = question_.free_scratch(task.scratch_root);
    if (!free || *free >= task.scratch_bytes) return;
    say(fmt::format("task {} needs {} of scratch, {} has {} free", task.name, format_bytes(task.scratch_bytes),
                    task.scratch_root.empty() ? "this node" : task.scratch_root, format_bytes(*free)),
        places_.of(task.name, &workflow::TaskNode::scratch), num_elements, true);
  }

  [[nodiscard]] bool is_one_node() const {
    const plan::Machine& machine = question_.workers.machine;
    for (std::uint32_t w = 1; w < machine.num_workers(); ++w)
      if (machine.node(w) != machine.node(0)) return false;
    return true;
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
  workflow::Diagnostics& diagnostics_;
  Places places_;
  plan::Slot largest_;
  std::string_view holder_;
};

}  // namespace

std::optional<std::uint64_t> free_scratch_here(const std::string& root) {
  std::error_code problem;
  const auto space =
      std::filesystem::space(root.empty() ? executor::default_scratch_root() : std::string(root), problem);
  if (problem) return std::nullopt;
  return space.available;
}

std::vector<std::uint32_t> elements_per_task(const graph::Graph& graph) {
  std::vector<std::uint32_t> counts(graph.num_tasks());
  for (std::uint32_t e = 0; e < graph.num_elements(); ++e)
    if (!graph.is_gate(ElementId(e))) ++counts[graph.task_id_of(ElementId(e)).value()];
  return counts;
}

void check_fit(const FitQuestion& question, const std::vector<std::uint32_t>& num_elements,
               workflow::Diagnostics& diagnostics) {
  FitCheck check(question, diagnostics);
  for (std::uint32_t t = 0; t < question.graph.num_tasks(); ++t)
    if (num_elements[t] > 0) check.check(question.graph.task(TaskId(t)), num_elements[t]);
}

}  // namespace fugle::app
