#include "report/explanation.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace fugle::report {

namespace {

/// The beginning of a value, on one line.
std::string shown(const std::string& value) {
  constexpr std::size_t kShown = 200;
  std::string text = value.substr(0, kShown);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  std::ranges::replace(text, '\n', ' ');
  return text + (value.size() > kShown ? fmt::format("... ({})", format_bytes(value.size())) : "");
}

}  // namespace

std::string explanation_text(const Explanation& explanation, const RunNames& names) {
  std::string text = fmt::format("{} is {}: {}\n", explanation.element, explanation.state, explanation.reason);
  for (const auto& cause : explanation.causes)
    text += fmt::format("  {} is {}: {}\n", cause.element, cause.state, cause.text);
  for (const auto& [name, value] : explanation.values) text += fmt::format("  {} = {}\n", name, shown(value));
  if (explanation.num_more_causes > 0) text += fmt::format("  and {} more\n", explanation.num_more_causes);
  if (explanation.failure) return text + failure_block(*explanation.failure, names, BlockSize::whole);
  for (const std::string& command : explanation.next) text += fmt::format("next: {}\n", command);
  return text;
}

Json explanation_json(const Explanation& explanation) {
  Json json{{"element", explanation.element}, {"state", explanation.state}, {"reason", explanation.reason}};
  json["causes"] = Json::array();
  for (const auto& cause : explanation.causes)
    json["causes"].push_back({{"element", cause.element}, {"state", cause.state}, {"reason", cause.text}});
  json["more_causes"] = explanation.num_more_causes;
  json["values"] = Json::object();
  for (const auto& [name, value] : explanation.values) json["values"][name] = value;
  json["failure"] = explanation.failure ? failure_json(*explanation.failure) : Json();
  json["next"] = explanation.next;
  return json;
}

}  // namespace fugle::report
