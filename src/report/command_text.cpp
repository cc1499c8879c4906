#include "report/command_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace fugle::report {
namespace {

std::vector<std::string> staged_outputs(const graph::ElementText& text, std::uint16_t attempt) {
  std::vector<std::string> staged;
  for (const std::string& path : text.outputs) staged.push_back(graph::staged_path(path, attempt));
  return staged;
}

std::string quote_all(const std::vector<std::string>& words) {
  std::vector<std::string> quoted;
  for (const std::string& word : words) quoted.push_back(quote_for_shell(word));
  return join(quoted, " ");
}

std::string environment_name(const char* prefix, std::string name) {
  std::replace(name.begin(), name.end(), '-', '_');
  return prefix + name;
}

/// Its place among the elements of its name, which stand together even where they have different requests.
std::uint32_t index_in_task(const graph::Graph& graph, ElementId element) {
  const TaskId task = graph.task_id_of(element);
  const auto is_same = [&](TaskId other) { return other == task || graph.task(other).name == graph.task(task).name; };
  std::uint32_t first = element.value();
  while (first > 0 && is_same(graph.task_id_of(ElementId(first - 1)))) --first;
  return element.value() - first;
}

std::vector<std::string> environment(const graph::Graph& graph, ElementId element, std::uint16_t attempt) {
  const graph::Task& task = graph.task_of(element);
  const graph::ElementText text = graph.text(element);
  const std::vector<std::string> staged = staged_outputs(text, attempt);
  std::vector<std::string> variables;
  const auto set = [&](const std::string& name, const std::string& value) { variables.push_back(name + '=' + value); };
  for (const auto& [name, value] : task.env) set(name, graph::fill_slots(value, {staged, attempt, {}, {}}));
  for (std::size_t i = 0; i < text.env.size(); ++i)
    set(task.env_names[i], graph::fill_slots(text.env[i], {staged, attempt, {}, {}}));
  set("FUGLE_TASK", task.name);
  set("FUGLE_ELEMENT", std::string(graph.id(element)));
  set("FUGLE_ATTEMPT", std::to_string(attempt));
  set("FUGLE_INDEX", std::to_string(index_in_task(graph, element)));
  set("FUGLE_CORES", std::to_string(task.request.cores));
  for (std::size_t i = 0; i < text.matrix.size(); ++i)
    set(environment_name("FUGLE_MATRIX_", task.matrix_names[i]), text.matrix[i]);
  for (std::size_t i = 0; i < text.inputs.size(); ++i)
    if (!task.input_is_list[i]) set(environment_name("FUGLE_IN_", task.input_names[i]), text.inputs[i]);
  for (std::size_t i = 0; i < staged.size(); ++i) set(environment_name("FUGLE_OUT_", task.output_names[i]), staged[i]);
  return variables;
}

}  // namespace

std::vector<std::string> command_words(const graph::Graph& graph, ElementId element, std::uint16_t attempt) {
  const graph::ElementText text = graph.text(element);
  const std::vector<std::string> staged = staged_outputs(text, attempt);
  std::vector<std::string> words = graph.task_of(element).shell;
  for (const std::string& word : text.command) words.push_back(graph::fill_slots(word, {staged, attempt, {}, {}}));
  return words;
}

std::string command_text(const graph::Graph& graph, ElementId element, std::uint16_t attempt) {
  return quote_all(command_words(graph, element, attempt));
}

std::string repeat_line(const graph::Graph& graph, ElementId element, std::uint16_t attempt) {
  const graph::Task& task = graph.task_of(element);
  const std::string workdir = task.workdir.empty() ? graph.text(element).workdir : task.workdir;
  return fmt::format("cd {} && env {} {}", quote_for_shell(workdir), quote_all(environment(graph, element, attempt)),
                     command_text(graph, element, attempt));
}

}  // namespace fugle::report
