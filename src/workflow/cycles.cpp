#include "workflow/cycles.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "base/text.hpp"
#include "graph/algorithms.hpp"

namespace fugle::workflow {
namespace {

/// Where the file says that task `t` needs task `u`; nullopt when only paths do.
std::optional<Position> place_of_need(const CompiledTask& t, std::uint32_t u) {
  const auto need = std::find(t.needs.begin(), t.needs.end(), u);
  if (need != t.needs.end()) return t.node->needs[static_cast<std::size_t>(need - t.needs.begin())].at;
  for (const Reference& reference : t.references)
    if (reference.task == u) return reference.at;
  const bool is_handled = std::ranges::find(t.failing, u) != t.failing.end();
  if (is_handled || t.is_group()) return t.node->at;
  return std::nullopt;
}

void report_cycle(const std::vector<std::string>& names, std::vector<Note> notes, Diagnostics& diagnostics) {
  const Position at = notes.front().at;
  diagnostics.add({Severity::error, "E201", at, "cycle " + join(names, " -> "), {}, std::move(notes)});
}

Note note_of(const CompiledTask& t, const CompiledTask& u, Position at) {
  return {at, fmt::format("{} needs {}", t.node->name, u.node->name)};
}

/// One element in a cycle: its task in the workflow and in the graph, its texts.
struct Step {
  const CompiledTask* task;
  graph::ElementText text;
};

std::vector<Step> steps_of(const std::vector<std::uint32_t>& cycle, const graph::GraphData& data,
                           const std::vector<CompiledTask>& tasks) {
  std::unordered_map<std::string_view, const CompiledTask*> by_name;
  for (const CompiledTask& task : tasks) by_name.emplace(task.node->name, &task);
  std::vector<Step> steps;
  for (const std::uint32_t element : cycle) {
    const graph::Task& task = data.tasks[data.task_of[element]];
    if (graph::is_gate(task.kind)) continue;
    steps.push_back({by_name.at(task.name), graph::unpack(task, data.texts[element])});
  }
  // A cycle found from a gate begins and ends between two elements.
  if (graph::is_gate(data.tasks[data.task_of[cycle.front()]].kind)) steps.push_back(steps.front());
  return steps;
}

/// Where `reader` names a path that `writer` writes.
Position place_of_path(const Step& reader, const Step& writer) {
  for (std::size_t i = 0; i < reader.text.inputs.size(); ++i)
    for (const std::string_view path : split(reader.text.inputs[i], '\n'))
      if (std::find(writer.text.outputs.begin(), writer.text.outputs.end(), path) != writer.text.outputs.end())
        return reader.task->node->inputs[i].at;
  return reader.task->node->at;
}

}  // namespace

graph::Rows rows_of(const std::vector<CompiledTask>& tasks) {
  graph::Rows rows;
  for (const CompiledTask& task : tasks) {
    std::vector<std::uint32_t> row = task.needs;
    for (const Reference& reference : task.references) row.push_back(reference.task);
    row.insert(row.end(), task.failing.begin(), task.failing.end());
    for (const auto& members : task.members) row.insert(row.end(), members.begin(), members.end());
    std::sort(row.begin(), row.end());
    row.erase(std::unique(row.begin(), row.end()), row.end());
    rows.columns.insert(rows.columns.end(), row.begin(), row.end());
    rows.offsets.push_back(static_cast<std::uint32_t>(rows.columns.size()));
  }
  return rows;
}

bool report_task_cycle(const std::vector<CompiledTask>& tasks, Diagnostics& diagnostics) {
  const std::vector<std::uint32_t> cycle = graph::find_cycle(rows_of(tasks));
  if (cycle.empty()) return false;
  std::vector<std::string> names;
  std::vector<Note> notes;
  for (std::size_t i = 0; i < cycle.size(); ++i) {
    const CompiledTask& task = tasks[cycle[i]];
    names.push_back(task.node->name);
    if (i + 1 < cycle.size()) notes.push_back(note_of(task, tasks[cycle[i + 1]], *place_of_need(task, cycle[i + 1])));
  }
  report_cycle(names, std::move(notes), diagnostics);
  return true;
}

bool report_element_cycle(const graph::GraphData& data, const std::vector<CompiledTask>& tasks,
                          Diagnostics& diagnostics) {
  const std::vector<std::uint32_t> cycle = graph::find_cycle(data.needs);
  if (cycle.empty()) return false;
  const std::vector<Step> steps = steps_of(cycle, data, tasks);
  std::vector<std::string> names;
  std::vector<Note> notes;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    names.push_back(steps[i].task->node->name);
    if (i + 1 == steps.size()) break;
    const auto need = place_of_need(*steps[i].task, steps[i + 1].task->number);
    const Position at = need ? *need : place_of_path(steps[i], steps[i + 1]);
    notes.push_back(note_of(*steps[i].task, *steps[i + 1].task, at));
  }
  report_cycle(names, std::move(notes), diagnostics);
  return true;
}

}  // namespace fugle::workflow
