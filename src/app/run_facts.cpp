#include "app/run_facts.hpp"

#include <fmt/format.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/error.hpp"

namespace fugle::app {
namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

/// "2026-06-01T04:30:00Z"; the epoch when it is no such text.
Time parse_utc(const std::string& text) {
  std::tm parts{};
  if (strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts) == nullptr) return Time{};
  return Time{std::chrono::seconds(timegm(&parts))};
}

}  // namespace

RunFacts read_run_facts(const std::string& run_dir) {
  const std::string path = run_dir + "/run.json";
  std::ifstream file(path);
  const Json json = Json::parse(file, nullptr, false);
  if (!json.is_object())
    throw EnvironmentError(fmt::format("cannot read '{}' (missing or damaged); is this a run directory?", path));
  RunFacts facts;
  facts.dir = run_dir;
  facts.run = text_of(json, "run");
  if (facts.run.empty()) facts.run = std::filesystem::path(run_dir).filename().string();
  facts.workflow = text_of(json, "name");
  facts.file = text_of(json, "file");
  facts.user = text_of(json, "user");
  facts.host = text_of(json, "host");
  facts.created = parse_utc(text_of(json, "created"));
  if (const auto params = json.find("params"); params != json.end() && params->is_object())
    for (const auto& [name, value] : params->items())
      facts.params.emplace_back(name, value.is_string() ? value.get<std::string>() : value.dump());
  return facts;
}

}  // namespace fugle::app
