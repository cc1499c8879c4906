#include "app/rules_json.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

namespace fugle::app {
namespace {

using Json = nlohmann::ordered_json;
using workflow::RunEvent;
using workflow::WhenBusy;

constexpr RunEvent kEvents[] = {RunEvent::failed, RunEvent::late, RunEvent::done, RunEvent::stalled,
                                RunEvent::resumed};
constexpr WhenBusy kWhenBusy[] = {WhenBusy::queue, WhenBusy::skip, WhenBusy::cancel_running, WhenBusy::fail};

std::string text_in(const Json& json, const char* key) {
  return json.is_object() && json.contains(key) && json[key].is_string() ? json[key].get<std::string>() : "";
}

Json notice_json(const workflow::Notice& notice) {
  Json events = Json::array();
  for (const RunEvent event : kEvents)
    if ((notice.events & bit_of(event)) != 0) events.push_back(name_of(event));
  return {{"events", std::move(events)}, {"run", notice.command}, {"mail", notice.mail}, {"file", notice.file}};
}

workflow::Notice notice_from(const Json& json) {
  workflow::Notice notice{0, text_in(json, "run"), text_in(json, "mail"), text_in(json, "file")};
  if (!json.is_object() || !json.contains("events") || !json["events"].is_array()) return notice;
  for (const RunEvent event : kEvents)
    if (std::ranges::find(json["events"], Json(name_of(event))) != json["events"].end()) notice.events |= bit_of(event);
  return notice;
}

Json clock_json(const workflow::ClockTime& clock) {
  return {{"hour", clock.hour}, {"minute", clock.minute}, {"local", clock.is_local}};
}

std::optional<workflow::ClockTime> clock_from(const Json& json) {
  if (!json.is_object() || !json.contains("hour") || !json["hour"].is_number_integer() || !json.contains("minute") ||
      !json["minute"].is_number_integer())
    return std::nullopt;
  return workflow::ClockTime{std::clamp(json["hour"].get<int>(), 0, 23), std::clamp(json["minute"].get<int>(), 0, 59),
                             json.contains("local") && json["local"] == Json(true)};
}

std::optional<workflow::Concurrency> concurrency_from(const Json& json) {
  if (!json.is_object()) return std::nullopt;
  workflow::Concurrency concurrency;
  concurrency.group = text_in(json, "group");
  if (json.contains("max") && json["max"].is_number_unsigned())
    concurrency.max = static_cast<std::uint32_t>(std::clamp<std::uint64_t>(json["max"].get<std::uint64_t>(), 1, 1'000'000));
  const std::string word = text_in(json, "when_busy");
  for (const WhenBusy when_busy : kWhenBusy)
    if (word == name_of(when_busy)) concurrency.when_busy = when_busy;
  return concurrency;
}

}  // namespace

Json rules_json(const workflow::RunRules& rules) {
  const bool is_empty = rules.secrets.empty() && rules.notices.empty() && !rules.concurrency && !rules.deadline_at &&
                        rules.deadline == Duration{0};
  if (is_empty) return nullptr;
  Json notices = Json::array();
  for (const workflow::Notice& notice : rules.notices) notices.push_back(notice_json(notice));
  Json json{{"secrets", rules.secrets}, {"notify", std::move(notices)}, {"directory", rules.directory}};
  json["deadline_s"] = rules.deadline == Duration{0} ? Json() : Json(to_seconds(rules.deadline));
  json["deadline_at"] = rules.deadline_at ? clock_json(*rules.deadline_at) : Json();
  json["concurrency"] = rules.concurrency ? Json{{"group", rules.concurrency->group},
                                                 {"max", rules.concurrency->max},
                                                 {"when_busy", name_of(rules.concurrency->when_busy)}}
                                          : Json();
  return json;
}

workflow::RunRules rules_from(const Json& json) {
  workflow::RunRules rules;
  if (!json.is_object()) return rules;
  if (json.contains("secrets") && json["secrets"].is_array())
    for (const Json& name : json["secrets"])
      if (name.is_string()) rules.secrets.push_back(name.get<std::string>());
  if (json.contains("notify") && json["notify"].is_array())
    for (const Json& notice : json["notify"]) rules.notices.push_back(notice_from(notice));
  rules.directory = text_in(json, "directory");
  if (json.contains("deadline_s") && json["deadline_s"].is_number())
    if (const double seconds = json["deadline_s"].get<double>(); seconds > 0 && seconds < 1e9)
      rules.deadline = from_seconds(seconds);
  if (json.contains("deadline_at")) rules.deadline_at = clock_from(json["deadline_at"]);
  if (json.contains("concurrency")) rules.concurrency = concurrency_from(json["concurrency"]);
  return rules;
}

}  // namespace fugle::app
