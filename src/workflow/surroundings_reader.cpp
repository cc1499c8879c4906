#include "workflow/surroundings_reader.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace fugle::workflow {
namespace {

/// "3" or "10..12"; nullopt when it was reported.
std::optional<std::pair<int, int>> exit_codes(const Reading& reading, const YamlNode& item) {
  std::optional<Range> codes;
  if (const auto code = to_int(item.text)) {
    codes = Range{*code, *code, 1, 0};
  } else if (looks_like_range(item.text)) {
    codes = parse_range("ok_exit_codes", item.text, item.at, reading.diagnostics);
    if (!codes) return std::nullopt;
  }
  if (codes && codes->first >= 0 && codes->last <= 255 && codes->step == 1)
    return std::pair(static_cast<int>(codes->first), static_cast<int>(codes->last));
  reading.diagnostics.error(
      "E112", item.at,
      fmt::format("'ok_exit_codes' has {}; exit codes are 0..255, or ranges like 1..3", in_quotes(item.text)));
  return std::nullopt;
}

void refuse_for_function(const Reading& reading, const TaskNode& task, std::string_view key, Position at) {
  reading.diagnostics.error(
      "E113", at,
      fmt::format("'{0}' is not allowed here: {1} is a function, which is called in a process of fugle's own; write "
                  "'{0}: ~' for it where it comes from defaults",
                  key, in_quotes(task.name)));
}

}  // namespace

void read_lines(const Reading& reading, const Entry& entry, std::string_view expected, Field<std::string>& into) {
  const YamlNode& node = *entry.value;
  if (node.is_map()) return refuse_shape(reading, entry.key, "a list", node);
  into = {};
  into.at = node.at;
  Text all{{}, node.at};
  const auto add = [&](const YamlNode& item) {
    const Text text = reading.document.text_of(item);
    all.raw += (all.raw.empty() ? "" : "\n") + text.raw;
    all.markers.insert(all.markers.end(), text.markers.begin(), text.markers.end());
  };
  if (node.is_scalar() && !node.is_null()) add(node);
  for_each_scalar(reading, entry.key, expected, node, add);
  if (has_marker(all.raw))
    into.expression = std::move(all);
  else
    into.value = std::move(all.raw);
}

void read_container(const Reading& reading, const Entry& entry, const Where& where, Boxed<ContainerKeys>& into) {
  const YamlNode& node = *entry.value;
  if (node.is_null()) into.reset();
  if (node.is_list()) return refuse_shape(reading, entry.key, "an image or a map", node);
  if (!node.is_scalar() && !node.is_map()) return;
  if (!into) into.emplace();
  into->at = entry.at;
  if (node.is_scalar()) return read_text(reading, entry, into->image);
  static const ContainerKeys builtin;
  const Where here{"container", {}, &where};
  for (const Entry& inner : node.entries) {
    const Key* key = accept_key(reading, Scope::container, inner, here);
    if (key == nullptr) continue;
    if (key->name == "image")
      read_text(reading, inner, into->image);
    else if (key->name == "runtime")
      read_field(reading, inner, KeyType::word, builtin.runtime, into->runtime, parse_runtime);
    else if (key->name == "bind")
      read_lines(reading, inner, "directories in its list", into->bind);
    else
      read_bool(reading, inner, builtin.gpu, into->gpu);
  }
}

void read_ok_exit_codes(const Reading& reading, const Entry& entry, std::vector<std::pair<int, int>>& into) {
  const YamlNode& node = *entry.value;
  into.clear();
  if (node.is_map()) return refuse_shape(reading, entry.key, "a list of exit codes", node);
  const auto add = [&](const YamlNode& item) {
    if (refuse_marker(reading, entry.key, item)) return;
    if (const auto codes = exit_codes(reading, item)) into.push_back(*codes);
  };
  if (node.is_scalar() && !node.is_null()) add(node);
  for_each_scalar(reading, entry.key, "exit codes in its list", node, add);
}

void check_surroundings(const Reading& reading, const TaskNode& task) {
  if (task.container && !task.container->image)
    reading.diagnostics.error("E105", task.container->at,
                              fmt::format("container of {} has no image", in_quotes(task.name)));
  if (!task.is_function()) return;
  if (task.container) refuse_for_function(reading, task, "container", task.container->at);
  if (task.setup) refuse_for_function(reading, task, "setup", task.setup->at);
}

}  // namespace fugle::workflow
