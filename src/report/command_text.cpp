#include "report/command_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "graph/list_slots.hpp"

namespace fugle::report {
namespace {

std::vector<std::string> staged_outputs(const graph::Task& task, const graph::ElementText& text,
                                        std::uint16_t attempt) {
  std::vector<std::string> staged;
  for (std::size_t i = 0; i < text.outputs.size(); ++i)
    staged.push_back(graph::path_for_attempt(task.output_kind(i), text.outputs[i], attempt));
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

/// Where an attempt by hand may write: on the same disk as the others, and it is not removed.
std::string scratch_by_hand(const graph::Task& task) {
  if (!task.has_scratch) return {};
  return (task.scratch_root.empty() ? "/tmp" : task.scratch_root) + "/fugle-by-hand";
}

std::vector<std::string> environment(const graph::Graph& graph, const AttemptKey& key) {
  const graph::Task& task = graph.task_of(key.element);
  const graph::ElementText text = graph.text(key.element);
  const std::vector<std::string> staged = staged_outputs(task, text, key.attempt);
  const std::string scratch = scratch_by_hand(task);
  const graph::SlotValues slots{staged, key.attempt, scratch, key.run_state};
  std::vector<std::string> variables;
  const auto set = [&](const std::string& name, const std::string& value) { variables.push_back(name + '=' + value); };
  for (const auto& [name, value] : task.env) set(name, graph::fill_slots(value, slots));
  for (std::size_t i = 0; i < text.env.size(); ++i) set(task.env_names[i], graph::fill_slots(text.env[i], slots));
  set("FUGLE_TASK", task.name);
  set("FUGLE_ELEMENT", std::string(graph.id(key.element)));
  set("FUGLE_ATTEMPT", std::to_string(key.attempt));
  set("FUGLE_INDEX", std::to_string(index_in_task(graph, key.element)));
  set("FUGLE_CORES", std::to_string(task.request.cores));
  if (!task.output_kinds.empty()) set("FUGLE_OUTPUT", "/dev/stdout");
  if (!scratch.empty()) set("FUGLE_SCRATCH", scratch);
  if (!key.run_state.empty()) set("FUGLE_RUN_STATE", key.run_state);
  for (std::size_t i = 0; i < text.matrix.size(); ++i)
    set(environment_name("FUGLE_MATRIX_", task.matrix_names[i]), text.matrix[i]);
  for (std::size_t i = 0; i < text.inputs.size(); ++i)
    if (!task.input_is_list[i]) set(environment_name("FUGLE_IN_", task.input_names[i]), text.inputs[i]);
  for (std::size_t i = 0; i < staged.size(); ++i)
    if (!staged[i].empty()) set(environment_name("FUGLE_OUT_", task.output_names[i]), staged[i]);
  return variables;
}

}  // namespace

std::vector<std::string> command_words(const graph::Graph& graph, const AttemptKey& key) {
  const graph::ElementText text = graph.text(key.element);
  const graph::Task& task = graph.task_of(key.element);
  const std::vector<std::string> staged = staged_outputs(task, text, key.attempt);
  const std::string scratch = scratch_by_hand(task);
  std::vector<std::string> words = task.shell;
  // These files were removed after the attempt.
  const auto list = [&](std::size_t input) { return task.input_names[input] + ".list"; };
  for (const std::string& word : text.command)
    words.push_back(
        graph::fill_slots(graph::fill_list_slots(word, list), {staged, key.attempt, scratch, key.run_state}));
  return words;
}

std::string command_text(const graph::Graph& graph, const AttemptKey& key) {
  return quote_all(command_words(graph, key));
}

std::string repeat_line(const graph::Graph& graph, const AttemptKey& key) {
  const graph::Task& task = graph.task_of(key.element);
  const std::string workdir = task.workdir.empty() ? graph.text(key.element).workdir : task.workdir;
  const std::string scratch = scratch_by_hand(task);
  return fmt::format("{}cd {} && env {} {}",
                     scratch.empty() ? "" : fmt::format("mkdir -p {} && ", quote_for_shell(scratch)),
                     quote_for_shell(workdir), quote_all(environment(graph, key)), command_text(graph, key));
}

}  // namespace fugle::report
