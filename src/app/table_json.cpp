#include "app/table_json.hpp"

#include <nlohmann/json.hpp>
#include <string>

namespace fugle::app {
namespace {

using Json = nlohmann::ordered_json;

Json point_json(const graph::TablePoint& point) {
  Json json = Json::object();
  for (const auto& [name, value] : point) json[name] = value;
  return json;
}

graph::TablePoint point_from(const Json& json, const char* key) {
  graph::TablePoint point;
  if (!json.contains(key) || !json[key].is_object()) return point;
  for (const auto& [name, value] : json[key].items())
    if (value.is_string()) point.emplace_back(name, value.get<std::string>());
  return point;
}

Json bound_json(const std::optional<double>& bound) { return bound ? Json(*bound) : Json(); }

std::optional<double> bound_from(const Json& json, const char* key) {
  return json.contains(key) && json[key].is_number() ? std::optional(json[key].get<double>()) : std::nullopt;
}

template <class Use>
void each_text(const Json& json, const char* key, Use use) {
  if (!json.contains(key) || !json[key].is_array()) return;
  for (const Json& item : json[key])
    if (item.is_string()) use(item.get<std::string>());
}

}  // namespace

Json table_json(const graph::TableSpec& spec) {
  if (!spec.is_wanted()) return nullptr;
  Json columns = Json::array();
  for (const graph::TableColumn& column : spec.columns) columns.push_back(text_of(column));
  Json references = Json::array();
  for (const graph::TableReference& reference : spec.references)
    references.push_back({{"column", text_of(reference.column)},
                          {"at", point_json(reference.at)},
                          {"min", bound_json(reference.min)},
                          {"max", bound_json(reference.max)}});
  return {{"rows", spec.rows},
          {"columns", std::move(columns)},
          {"baseline", point_json(spec.baseline)},
          {"references", std::move(references)}};
}

graph::TableSpec table_spec_from(const Json& json) {
  graph::TableSpec spec;
  if (!json.is_object()) return spec;
  each_text(json, "rows", [&](std::string text) { spec.rows.push_back(std::move(text)); });
  each_text(json, "columns", [&](const std::string& text) {
    if (auto column = graph::parse_column(text)) spec.columns.push_back(std::move(*column));
  });
  spec.baseline = point_from(json, "baseline");
  if (!json.contains("references") || !json["references"].is_array()) return spec;
  for (const Json& item : json["references"]) {
    if (!item.is_object() || !item.contains("column") || !item["column"].is_string()) continue;
    auto column = graph::parse_column(item["column"].get<std::string>());
    if (!column) continue;
    spec.references.push_back(
        {std::move(*column), point_from(item, "at"), bound_from(item, "min"), bound_from(item, "max")});
  }
  return spec;
}

}  // namespace fugle::app
