#include "app/graph_docs.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "base/time.hpp"

namespace fugle::app {
namespace {

using workflow::ParamType;

const char* type_name(ParamType type) {
  switch (type) {
    case ParamType::integer: return "int";
    case ParamType::number: return "float";
    case ParamType::boolean: return "bool";
    case ParamType::string: return "string";
    case ParamType::path: return "path";
    case ParamType::list: return "list";
  }
  return "";
}

/// In a cell of a table.
std::string in_cell(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    if (c == '|') safe += '\\';
    safe += c == '\n' ? ' ' : c;
  }
  return safe;
}

std::string params_part(const workflow::Workflow& workflow) {
  if (workflow.params.empty()) return "";
  std::string text = "\n## Parameters\n\n| name | type | default | description |\n|---|---|---|---|\n";
  for (const workflow::Param& param : workflow.params)
    text += fmt::format("| `{}` | {} | {} | {} |\n", param.name, type_name(param.type),
                        param.fallback ? "`" + in_cell(to_text(*param.fallback)) + "`" : "must be given",
                        in_cell(param.description));
  return text;
}

template <class T, class Show>
void add_field(std::string& text, const char* name, const workflow::Field<T>& field, Show show) {
  if (field.expression)
    text += fmt::format("{}{} `{}`", text.empty() ? "" : ", ", name, field.expression->raw);
  else if (field.at.line > 0)
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, show(field.value));
}

std::string resources_of(const workflow::TaskNode& task) {
  const auto number = [](std::int64_t n) { return std::to_string(n); };
  const auto size = [](workflow::Size s) { return format_bytes(s.bytes); };
  const auto duration = [](Duration d) { return format_duration(d); };
  std::string text;
  add_field(text, "nodes", task.nodes, number);
  add_field(text, "ranks", task.ranks, number);
  add_field(text, "ranks per node", task.ranks_per_node, number);
  add_field(text, "cores", task.cores, number);
  add_field(text, "memory", task.mem, size);
  add_field(text, "GPUs", task.gpus, number);
  add_field(text, "scratch", task.scratch, size);
  add_field(text, "timeout", task.timeout, duration);
  return text.empty() ? "cores 1" : text;
}

std::string task_part(const workflow::TaskNode& task, const Drawing& tasks, std::size_t box) {
  const std::string& detail = tasks.boxes[box].detail;
  std::string text = fmt::format("\n### {}\n\n", task.name);
  if (!task.description.empty()) text += task.description + "\n\n";
  if (!detail.empty()) text += fmt::format("- Runs as: {}\n", detail);
  std::string needs;
  for (const Drawing::Arrow& arrow : tasks.arrows)
    if (arrow.to == box)
      needs += fmt::format("{}`{}`{}", needs.empty() ? "" : ", ", tasks.boxes[arrow.from].name,
                           arrow.condition.empty() ? "" : " (" + arrow.condition + ")");
  if (!needs.empty()) text += fmt::format("- Needs: {}\n", needs);
  if (task.when) text += fmt::format("- When: `{}`\n", in_cell(task.when->raw));
  for (const workflow::Input& input : task.inputs)
    for (const workflow::Text& path : input.paths) text += fmt::format("- Input `{}`: `{}`\n", input.name, path.raw);
  for (const workflow::Output& output : task.outputs)
    text += fmt::format("- Output `{}`: {}\n", output.name,
                        is_value(output) ? "a value" : fmt::format("`{}`", output.path.raw));
  return text + fmt::format("- Resources: {}\n", resources_of(task));
}

}  // namespace

std::string docs_of(const workflow::Workflow& workflow, const Drawing& tasks) {
  std::string text = fmt::format("# {}\n", workflow.name);
  if (!workflow.description.empty()) text += "\n" + workflow.description + "\n";
  text += params_part(workflow) + "\n## Tasks\n";
  for (const workflow::TaskNode& task : workflow.tasks) {
    for (std::size_t box = 0; box < tasks.boxes.size(); ++box)
      if (tasks.boxes[box].name == task.name) text += task_part(task, tasks, box);
  }
  return text;
}

}  // namespace fugle::app
