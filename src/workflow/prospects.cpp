#include "workflow/prospects.hpp"

#include <algorithm>

#include "graph/algorithms.hpp"
#include "workflow/cycles.hpp"

namespace fugle::workflow {
namespace {

/// Calls `visit` with each text of the task that becomes one of its elements, but for inputs and outputs.
template <class Visit>
void for_each_text(const CompiledTask& task, Visit visit) {
  for (const auto& [name, value] : task.env) visit(value.text);
  if (task.workdir) visit(task.workdir->text);
  for (const TextTemplate& word : task.command) visit(word);
  if (task.cleanup) visit(*task.cleanup);
  if (task.setup) visit(*task.setup);
  if (task.image) visit(*task.image);
  if (task.log) visit(*task.log);
  for (const TextTemplate& file : task.restart_files) visit(file);
  for (const TextTemplate& word : task.restart_command) visit(word);
  if (task.ready_command) visit(*task.ready_command);
  if (task.stop_command) visit(*task.stop_command);
  for (const TextTemplate& reference : task.references_of_metrics) visit(reference);
}

class ProspectFinder {
 public:
  explicit ProspectFinder(std::vector<CompiledTask>& tasks) : tasks_(tasks) {}

  void find(CompiledTask& task) {
    Prospect& prospect = task.prospect;
    if (task.is_group()) return find_group(task);
    prospect.is_open = task.list_of_items.has_value() || needs_each_of_open(task) || has_late_settings(task);
    prospect.may_skip = !task.when.empty() || prospect.is_open || task.is_handler() || may_be_skipped_from_above(task);
    const TaskNode& node = *task.node;
    const bool may_fail_alone = node.on_failure.expression || node.on_failure.value == graph::OnFailure::ignore ||
                                node.tolerate.expression || node.tolerate.value.is_given();
    prospect.may_lack = may_fail_alone || prospect.may_skip || follows_what_may_lack(task);
    for (const CompiledInput& input : task.inputs)
      prospect.late_inputs.push_back(
          std::ranges::any_of(input.paths, [&](const TextTemplate& path) { return is_late(tasks_, task, path); }));
    for (const CompiledText& output : task.outputs)
      prospect.late_outputs.push_back(is_late(tasks_, task, output.text));
    for (CompiledInput& input : task.inputs) input.gives_list = gives_list(task, input);
    prospect.is_late = task.is_handler() || has_late_texts(task);
    // What is not known yet is no part of what all elements have in common.
    for (auto& [name, value] : task.env) value.varies = value.varies || is_late(tasks_, task, value.text);
    if (task.workdir) task.workdir->varies = task.workdir->varies || is_late(tasks_, task, task.workdir->text);
  }

 private:
  /// As its tasks.
  void find_group(CompiledTask& group) {
    for (const std::vector<std::uint32_t>& members : group.members)
      for (const std::uint32_t member : members) {
        group.prospect.may_skip = group.prospect.may_skip || tasks_[member].prospect.may_skip;
        group.prospect.may_lack = group.prospect.may_lack || tasks_[member].prospect.may_lack;
      }
  }

  /// A reference alone, to all elements of a task that has several, or to an output that is a list.
  bool gives_list(const CompiledTask& task, const CompiledInput& input) const {
    if (input.paths.size() != 1 || !input.paths[0].is_one_marker()) return false;
    bool found = input.paths[0].is_one_list();
    input.paths[0].for_each_name([&](const Name& name, Position) {
      if (!is_of_task(name.kind)) return;
      const CompiledTask& above = tasks_[name.item];
      const bool is_list_output = name.kind == NameKind::task_value &&
                                  above.node->outputs[name.output].kind == graph::OutputKind::list;
      const bool has_several = above.num_elements != 1 || above.list_of_items;
      found = is_list_output || (has_several && !each_of(task, above.number));
    });
    return found;
  }

  bool needs_each_of_open(const CompiledTask& task) const {
    for (std::size_t i = 0; i < task.needs.size(); ++i)
      if (task.node->needs[i].kind == Need::Kind::each && tasks_[task.needs[i]].prospect.is_open) return true;
    return false;
  }

  bool has_late_settings(const CompiledTask& task) const {
    bool found = false;
    task.settings.for_each_name(
        [&](const Name& name, Position) { found = found || is_late(tasks_, task, name, false); });
    return found;
  }

  bool may_be_skipped_from_above(const CompiledTask& task) const {
    for (std::size_t i = 0; i < task.needs.size(); ++i) {
      const Need::Kind kind = task.node->needs[i].kind;
      if (kind == Need::Kind::failed) return true;
      if (kind == Need::Kind::started && tasks_[task.needs[i]].prospect.may_skip) return true;
    }
    return std::ranges::any_of(task.references, [&](const Reference& reference) {
      return reference.uses && tasks_[reference.task].prospect.may_skip;
    });
  }

  bool follows_what_may_lack(const CompiledTask& task) const {
    for (std::size_t i = 0; i < task.needs.size(); ++i)
      if (task.node->needs[i].kind == Need::Kind::each && tasks_[task.needs[i]].prospect.may_lack) return true;
    return false;
  }

  bool has_late_texts(const CompiledTask& task) const {
    const auto is_true = [](bool late) { return late; };
    bool found = std::ranges::any_of(task.prospect.late_inputs, is_true) ||
                 std::ranges::any_of(task.prospect.late_outputs, is_true);
    for_each_text(task, [&](const TextTemplate& text) { found = found || is_late(tasks_, task, text); });
    found = found || is_given_results_of_open(task);
    if (task.arguments)
      task.arguments->for_each_use(
          [&](const Name& name, Position, bool is_soft) { found = found || is_late(tasks_, task, name, is_soft); });
    return found;
  }

  /// The numbers of those elements are not known before they are made.
  bool is_given_results_of_open(const CompiledTask& task) const {
    return task.node->is_function() && std::ranges::any_of(task.needs, [&](std::uint32_t above) {
             return tasks_[above].prospect.is_open && tasks_[above].node->is_function();
           });
  }

  std::vector<CompiledTask>& tasks_;
};

bool has_several(const CompiledTask& task) {
  return task.num_elements != 1 || task.list_of_items || task.prospect.is_open;
}

/// A list has only good elements, and which these are is known when all have ended.
bool may_be_another_list(const CompiledTask& task, const CompiledTask& above) {
  if (!has_several(above)) return false;
  const Need::Kind condition = condition_of(task, above.number);
  const auto joins_any = [](const Need& need) { return need.level > 0 && need.joins_any; };
  const bool is_any = task.node->joins_any || std::ranges::any_of(task.node->needs, joins_any);
  const bool all_are_ok = condition == Need::Kind::ok && !is_any && !above.prospect.may_lack;
  return above.prospect.is_open || !all_are_ok;
}

}  // namespace

void find_prospects(std::vector<CompiledTask>& tasks) {
  ProspectFinder finder(tasks);
  for (const std::uint32_t t : graph::topological_order(rows_of(tasks)))
    if (!tasks[t].is_broken) finder.find(tasks[t]);
}

std::optional<std::size_t> each_of(const CompiledTask& task, std::uint32_t above) {
  for (std::size_t i = 0; i < task.needs.size(); ++i)
    if (task.needs[i] == above && task.node->needs[i].kind == Need::Kind::each) return i;
  return std::nullopt;
}

Need::Kind condition_of(const CompiledTask& task, std::uint32_t above) {
  for (std::size_t i = 0; i < task.needs.size(); ++i)
    if (task.needs[i] == above) return task.node->needs[i].kind;
  for (const Reference& reference : task.references)
    if (reference.task == above) return reference.is_of_output ? Need::Kind::ok : Need::Kind::done;
  return Need::Kind::done;  // `finally` comes after all others
}

bool is_late(const std::vector<CompiledTask>& tasks, const CompiledTask& task, const Name& name, bool is_soft) {
  switch (name.kind) {
    case NameKind::task_value:
    case NameKind::task_status:
    case NameKind::task_exit_code: return true;
    case NameKind::input: return task.prospect.late_inputs[name.item];
    case NameKind::output: return !task.prospect.late_outputs.empty() && task.prospect.late_outputs[name.item];
    case NameKind::task_output: break;
    default: return false;
  }
  const CompiledTask& above = tasks[name.item];
  if (above.is_broken) return false;
  if (above.prospect.late_outputs[name.output] || (is_soft && above.prospect.may_skip)) return true;
  return !each_of(task, above.number) && may_be_another_list(task, above);
}

bool is_late(const std::vector<CompiledTask>& tasks, const CompiledTask& task, const TextTemplate& text) {
  bool found = false;
  text.for_each_use(
      [&](const Name& name, Position, bool is_soft) { found = found || is_late(tasks, task, name, is_soft); });
  return found;
}

}  // namespace fugle::workflow
