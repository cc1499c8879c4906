#include "workflow/function_reader.hpp"

#include <fmt/format.h>

namespace fugle::workflow {
namespace {

Argument argument_of(const Reading& reading, const YamlNode& node) {
  Argument argument;
  if (node.is_list()) {
    argument.kind = Argument::Kind::list;
    for (const YamlNode* item : node.items) argument.items.push_back(argument_of(reading, *item));
  } else if (node.is_map()) {
    argument.kind = Argument::Kind::map;
    for (const Entry& entry : node.entries) {
      argument.names.push_back(entry.key);
      argument.items.push_back(argument_of(reading, *entry.value));
    }
  } else if (node.is_scalar()) {
    // "$${{" is a literal, but one that has to be rendered.
    if (node.text.find("${{") != std::string::npos)
      argument.expression = reading.document.text_of(node);
    else
      argument.value = untyped_scalar(node.text, node.is_quoted);
  }
  return argument;
}

}  // namespace

void read_with(const Reading& reading, const Entry& entry, TaskNode& into) {
  const YamlNode& node = *entry.value;
  into.with.reset();
  into.with_at = entry.at;
  if (is_map_or_refuse(reading, entry.key, node)) into.with = argument_of(reading, node);
}

void check_function(const Reading& reading, const TaskNode& task) {
  const bool is_function = task.is_function();
  const bool has_command = task.script || !task.argv.empty();
  if (is_function && has_command)
    reading.diagnostics.error("E113", task.plugin.at,
                              fmt::format("'run' and 'plugin' exclude each other in task {}", in_quotes(task.name)));
  if (is_function && task.service)
    reading.diagnostics.error(
        "E113", task.service->at,
        fmt::format("'service' and 'plugin' exclude each other in task {}", in_quotes(task.name)));
  if (!is_function && has_command && task.with)
    reading.diagnostics.error(
        "E113", task.with_at,
        fmt::format("'with' is not allowed here: task {} has no plugin to give it to", in_quotes(task.name)));
}

}  // namespace fugle::workflow
