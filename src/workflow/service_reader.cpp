#include "workflow/service_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace fugle::workflow {
namespace {

/// Commands in capitals are rare; names of signals are nothing else.
bool looks_like_signal(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); });
}

void read_stop(const Reading& reading, const Entry& entry, ServiceKeys& into) {
  into.stop.reset();
  into.stop_signal = ServiceKeys{}.stop_signal;
  const YamlNode* scalar = scalar_of(reading, entry, KeyType::text);
  if (scalar == nullptr) return;
  if (!looks_like_signal(scalar->text))
    into.stop = reading.document.text_of(*scalar);
  else if (const auto signal = parse_signal(entry.key, scalar->text, scalar->at, reading.diagnostics))
    into.stop_signal = *signal;
}

}  // namespace

void read_service(const Reading& reading, const Entry& entry, const Where& where, Boxed<ServiceKeys>& into) {
  const YamlNode& node = *entry.value;
  if (node.is_null()) into.reset();
  if (!is_map_or_refuse(reading, entry.key, node)) return;
  if (!into) into.emplace();
  into->at = entry.at;
  const Where here{"service", {}, &where};
  for (const Entry& inner : node.entries) {
    const Key* key = accept_key(reading, Scope::service, inner, here);
    if (key == nullptr) continue;
    if (key->name == "ready")
      read_text(reading, inner, into->ready);
    else if (key->name == "ready_timeout")
      read_duration(reading, inner, ServiceKeys{}.ready_timeout, into->ready_timeout);
    else
      read_stop(reading, inner, *into);
  }
}

void check_service(const Reading& reading, const TaskNode& task) {
  if (!task.service) return;
  const bool is_blank =
      !task.service->ready || task.service->ready->raw.find_first_not_of(" \t\n") == std::string::npos;
  if (is_blank)
    reading.diagnostics.error(
        "E105", task.service->at,
        fmt::format("service of {} has no ready; write a command that ends with 0 once it is ready",
                    in_quotes(task.name)));
}

}  // namespace fugle::workflow
