#include "workflow/expectation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

#include "base/text.hpp"
#include "workflow/fields.hpp"

namespace fugle::workflow {
namespace {

constexpr std::array<std::string_view, 4> kKeys{"params", "state", "tasks", "files"};
constexpr std::array<std::string_view, 2> kTaskKeys{"state", "elements"};
constexpr std::array<std::string_view, 4> kRunStates{"OK", "FAILED", "CANCELLED", "INCOMPLETE"};
constexpr std::array<std::string_view, 6> kStates{"OK", "CACHED", "SKIPPED", "BLOCKED", "FAILED", "CANCELLED"};

std::string list_of(std::span<const std::string_view> words) {
  std::string text;
  for (const std::string_view word : words) text += fmt::format("{}{}", text.empty() ? "" : ", ", word);
  return text;
}

/// E103 for others.
bool is_key(const Reading& reading, const Entry& entry, std::span<const std::string_view> keys) {
  if (std::ranges::find(keys, entry.key) != keys.end()) return true;
  const auto nearest = nearest_word(entry.key, std::vector<std::string_view>(keys.begin(), keys.end()));
  std::string text = fmt::format("unknown key '{}'", entry.key);
  text += nearest ? fmt::format("; did you mean '{}'?", *nearest) : fmt::format("; there are {}", list_of(keys));
  reading.diagnostics.error("E103", entry.at, std::move(text), std::string(nearest.value_or("")));
  return false;
}

void read_state(const Reading& reading, std::string_view key, const YamlNode& node,
                std::span<const std::string_view> states, std::string& into) {
  if (node.is_null() || node.kind == YamlNode::Kind::broken) return;
  if (!node.is_scalar()) return refuse_shape(reading, key, "a state", node);
  if (std::ranges::find(states, node.text) == states.end())
    reading.diagnostics.error("E112", node.at, fmt::format("'{}' is '{}'; one of {}", key, node.text, list_of(states)));
  into = node.text;
}

void read_param(const Reading& reading, const Entry& entry, Expectation& into) {
  const YamlNode& value = *entry.value;
  if (value.is_scalar())
    into.params.emplace_back(entry.key, value.text);
  else
    refuse_shape(reading, entry.key, "a single value", value);
}

void read_count(const Reading& reading, const Entry& entry, std::optional<std::int64_t>& into) {
  const YamlNode& value = *entry.value;
  if (!value.is_scalar()) return refuse_shape(reading, entry.key, "a whole number", value);
  std::int64_t count = 0;
  const char* end = value.text.data() + value.text.size();
  const auto [stop, problem] = std::from_chars(value.text.data(), end, count);
  if (problem == std::errc{} && stop == end && count >= 0)
    into = count;
  else
    reading.diagnostics.error("E104", value.at,
                              fmt::format("'{}' expects a whole number, got '{}'", entry.key, value.text));
}

void read_task(const Reading& reading, const Entry& entry, Expectation& into) {
  Expectation::OfTask task{entry.key, entry.at, {}, {}};
  if (entry.value->is_map()) {
    for (const Entry& part : entry.value->entries) {
      if (!is_key(reading, part, kTaskKeys)) continue;
      if (part.key == "state") read_state(reading, part.key, *part.value, kStates, task.state);
      if (part.key == "elements") read_count(reading, part, task.elements);
    }
  } else {
    read_state(reading, entry.key, *entry.value, kStates, task.state);
  }
  into.tasks.push_back(std::move(task));
}

void read_entry(const Reading& reading, const Entry& entry, Expectation& into) {
  if (!is_key(reading, entry, kKeys)) return;
  if (entry.key == "state") {
    into.state.at = entry.value->at;
    read_state(reading, entry.key, *entry.value, kRunStates, into.state.text);
  } else if (entry.key == "files") {
    if (is_list_or_refuse(reading, entry.key, *entry.value))
      for_each_scalar(reading, entry.key, "paths", *entry.value, [&](const YamlNode& path) {
        into.files.push_back({path.text, path.at});
      });
  } else if (is_map_or_refuse(reading, entry.key, *entry.value)) {
    for (const Entry& one : entry.value->entries)
      entry.key == "params" ? read_param(reading, one, into) : read_task(reading, one, into);
  }
}

}  // namespace

Expectation read_expectation(std::string_view bytes, Diagnostics& diagnostics) {
  Expectation expectation;
  Document document;
  const YamlNode* root = parse_file(document, bytes, 0, diagnostics);
  if (root == nullptr || root->is_null()) return expectation;
  const Reading reading{document, diagnostics};
  if (!is_map_or_refuse(reading, "expect", *root)) return expectation;
  for (const Entry& entry : root->entries) read_entry(reading, entry, expectation);
  return expectation;
}

}  // namespace fugle::workflow
