#include "workflow/function_reader.hpp"

#include <fmt/format.h>

#include "workflow/argument_reader.hpp"

namespace fugle::workflow {
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
