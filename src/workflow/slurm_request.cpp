#include "workflow/slurm_request.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "base/text.hpp"

namespace fugle::workflow {
namespace {

class SlurmCheck {
 public:
  SlurmCheck(const Workflow& workflow, const SlurmRequest& request, bool has_stand_ins, Diagnostics& diagnostics)
      : keys_(workflow.slurm), request_(request), has_stand_ins_(has_stand_ins), diagnostics_(diagnostics) {
    for (const TaskNode& task : workflow.tasks) nodes_.emplace(task.name, &task);
  }

  void check(const graph::Task& task) {
    const auto found = nodes_.find(task.name);
    if (found == nodes_.end()) return;
    const TaskNode& node = *found->second;
    check_nodes(task, node);
    if (is_known(keys_.mem, node.mem) && request_.mem_bytes.value_or(0) > 0 &&
        task.request.mem_bytes > *request_.mem_bytes)
      diagnostics_.error("E302", place(node, node.mem),
                         fmt::format("task {} needs {}, slurm.mem is {}", task.name,
                                     format_bytes(task.request.mem_bytes), format_bytes(*request_.mem_bytes)));
    const Field<std::int64_t>& gpus = is_given(node.gpus_per_rank) ? node.gpus_per_rank : node.gpus;
    if (is_known(keys_.gpus_per_node, gpus) && request_.gpus_per_node && task.request.gpus > *request_.gpus_per_node)
      diagnostics_.error("E302", place(node, gpus),
                         fmt::format("task {} needs {} {}, slurm.gpus_per_node is {}", task.name, task.request.gpus,
                                     task.request.gpus == 1 ? "gpu" : "gpus", *request_.gpus_per_node));
    if (is_known(keys_.time, node.timeout) && request_.time > Duration{0} && task.timeout > request_.time)
      diagnostics_.error("E304", place(node, node.timeout),
                         fmt::format("timeout {} of {} is longer than slurm.time {}", format_written(task.timeout),
                                     task.name, format_written(request_.time)));
  }

  void check_reserve(const Field<Duration>& field, std::optional<Duration> reserve) {
    if (!reserve || !is_known(keys_.time, field) || request_.time == Duration{0} || *reserve < request_.time) return;
    diagnostics_.error(
        "E304", field.at,
        fmt::format("reserve {} is not below slurm.time {}", format_written(*reserve), format_written(request_.time)));
  }

 private:
  void check_nodes(const graph::Task& task, const TaskNode& node) {
    const bool is_certain = is_known(keys_.nodes, node.nodes) && is_known(keys_.nodes, node.ranks) &&
                            is_known(keys_.nodes, node.ranks_per_node);
    if (request_.nodes == 0 || !is_certain || task.shape.nodes <= request_.nodes) return;
    diagnostics_.error(
        "E302", node.nodes.at.line > 0 ? node.nodes.at : place(node, node.ranks),
        fmt::format("task {} needs {} nodes, slurm.nodes is {}", task.name, task.shape.nodes, request_.nodes));
  }

  template <class T, class U>
  [[nodiscard]] bool is_known(const Field<T>& asked, const Field<U>& needed) const {
    return !has_stand_ins_ || (!asked.expression && !needed.expression);
  }

  template <class T>
  static Position place(const TaskNode& node, const Field<T>& field) {
    return field.at.line > 0 ? field.at : node.at;
  }

  const SlurmKeys& keys_;
  const SlurmRequest& request_;
  bool has_stand_ins_;
  Diagnostics& diagnostics_;
  std::unordered_map<std::string_view, const TaskNode*> nodes_;
};

}  // namespace

bool has_control_character(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 127; });
}

bool is_slurm_word(std::string_view text) {
  return !text.empty() && text.find(' ') == std::string_view::npos && !has_control_character(text);
}

void check_slurm(const graph::Graph& graph, const Outlook& outlook, const Workflow& workflow,
                 const SlurmRequest& request, std::optional<Duration> reserve, bool has_stand_ins,
                 Diagnostics& diagnostics) {
  SlurmCheck check(workflow, request, has_stand_ins, diagnostics);
  for (std::uint32_t t = 0; t < graph.num_tasks(); ++t) check.check(graph.task(TaskId(t)));
  for (const OpenTask& task : outlook.open)
    if (task.known) check.check(*task.known);
  check.check_reserve(workflow.reserve, reserve);
}

}  // namespace fugle::workflow
