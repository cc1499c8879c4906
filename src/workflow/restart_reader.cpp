#include "workflow/restart_reader.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace fugle::workflow {
namespace {

void read_signal(const Reading& reading, const Entry& entry, int& into) {
  const YamlNode& node = *entry.value;
  if (!node.is_scalar()) return refuse_shape(reading, entry.key, "the name of a signal, e.g. USR1", node);
  if (refuse_marker(reading, entry.key, node)) return;
  into = parse_signal(entry.key, node.text, node.at, reading.diagnostics).value_or(0);
}

void read_files(const Reading& reading, const Entry& entry, std::vector<Text>& into) {
  const YamlNode& node = *entry.value;
  if (node.is_map()) return refuse_shape(reading, entry.key, "a list of file patterns", node);
  into.clear();
  if (node.is_scalar() && !node.is_null()) into.push_back(reading.document.text_of(node));
  for_each_scalar(reading, entry.key, "file patterns in its list", node,
                  [&](const YamlNode& item) { into.push_back(reading.document.text_of(item)); });
}

void read_run(const Reading& reading, const Entry& entry, Restart& into) {
  const YamlNode& node = *entry.value;
  if (node.is_map()) return refuse_shape(reading, entry.key, expectation(KeyType::command), node);
  into.run_at = node.at;
  into.script.reset();
  into.argv.clear();
  if (node.is_scalar() && !node.is_null()) into.script = reading.document.text_of(node);
  for_each_scalar(reading, entry.key, "text in its list", node,
                  [&](const YamlNode& word) { into.argv.push_back(reading.document.text_of(word)); });
}

}  // namespace

void read_restart(const Reading& reading, const Entry& entry, const Where& where, Boxed<Restart>& into) {
  const YamlNode& node = *entry.value;
  if (node.is_null()) into.reset();
  if (!is_map_or_refuse(reading, entry.key, node)) return;
  if (!into) into.emplace();
  into->at = entry.at;
  const Where here{"restart", {}, &where};
  for (const Entry& inner : node.entries) {
    const Key* key = accept_key(reading, Scope::restart, inner, here);
    if (key == nullptr) continue;
    if (key->name == "files")
      read_files(reading, inner, into->files);
    else if (key->name == "signal")
      read_signal(reading, inner, into->signal);
    else if (key->name == "before_end")
      read_duration(reading, inner, Restart{}.before_end, into->before_end);
    else
      read_run(reading, inner, *into);
  }
}

void check_restart(const Reading& reading, const TaskNode& task, const Field<Duration>& reserve) {
  if (!task.restart) return;
  const Restart& restart = *task.restart;
  if (restart.files.empty())
    reading.diagnostics.error("E105", restart.at,
                              fmt::format("restart of {} has no files; name what its checkpoint leaves", task.name));
  const bool is_other_form = (restart.script && !task.script) || (!restart.argv.empty() && task.argv.empty());
  if (is_other_form && (task.script || !task.argv.empty()))
    reading.diagnostics.error("E104", restart.run_at,
                              fmt::format("'run' of restart expects {}, as 'run' of {} is",
                                          task.script ? "text" : "a list", in_quotes(task.name)));
  const bool are_literal =
      restart.before_end.at.line > 0 && !restart.before_end.expression && reserve.at.line > 0 && !reserve.expression;
  if (are_literal && restart.before_end.value <= reserve.value)
    reading.diagnostics.error(
        "E304", restart.before_end.at,
        fmt::format("before_end {} of {} is not above reserve {}", format_written(restart.before_end.value), task.name,
                    format_written(reserve.value)));
}

}  // namespace fugle::workflow
