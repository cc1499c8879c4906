#include "workflow/given_value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "base/text.hpp"
#include "workflow/matrix.hpp"

namespace fugle::workflow {
namespace {

using Json = nlohmann::ordered_json;

Value value_of(const Json& json) {
  switch (json.type()) {
    case Json::value_t::null: return {};
    case Json::value_t::boolean: return json.get<bool>();
    case Json::value_t::number_integer: return json.get<std::int64_t>();
    case Json::value_t::number_unsigned:
      if (json.get<std::uint64_t>() <= INT64_MAX) return json.get<std::int64_t>();
      return json.get<double>();
    case Json::value_t::number_float: return json.get<double>();
    case Json::value_t::string: return json.get<std::string>();
    case Json::value_t::array: {
      List list;
      for (const Json& item : json) list.push_back(value_of(item));
      return list;
    }
    default: return json.dump();
  }
}

Json parsed(std::string_view text) {
  Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) throw ExpressionError{"E403", "the output is not JSON"};
  return json;
}

Value part_of(const Json& json, std::string_view part) {
  const Json* at = &json;
  if (!part.empty())
    for (const std::string_view key : split(part, '.')) {
      if (!at->is_object() || !at->contains(key))
        throw ExpressionError{"E403", fmt::format("the document has no '{}'", part)};
      at = &at->at(std::string(key));
    }
  return value_of(*at);
}

List items_of(std::string_view lines) {
  List list;
  for (std::string_view line : split(lines, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find_first_not_of(" \t") != std::string_view::npos) list.push_back(untyped_scalar(std::string(line), false));
  }
  return list;
}

/// An object; discarded: it is none.
Json object_of(const Value& item) {
  const auto* text = std::get_if<std::string>(&item.data);
  if (text == nullptr || !text->starts_with('{')) return Json(Json::value_t::discarded);
  Json json = Json::parse(*text, nullptr, false);
  return json.is_object() ? json : Json(Json::value_t::discarded);
}

}  // namespace

Value given_value(graph::OutputKind kind, std::string_view text, std::string_view part) {
  switch (kind) {
    case graph::OutputKind::list: return items_of(text);
    case graph::OutputKind::json: return part_of(parsed(text), part);
    default: return untyped_scalar(std::string(text), false);
  }
}

CompiledForeach foreach_of(List items) {
  CompiledForeach foreach;
  std::vector<Json> objects;
  for (const Value& item : items) {
    objects.push_back(object_of(item));
    if (objects.back().is_discarded()) break;
  }
  foreach.items = compiled_variable(std::move(items), false);
  const bool are_maps = !objects.empty() && !objects.back().is_discarded();
  if (!are_maps) return foreach;
  for (std::size_t i = 0; i < objects.size(); ++i) {
    for (const auto& [name, value] : objects[i].items()) {
      auto field = std::ranges::find(foreach.fields, name, [](const auto& known) { return known.first; });
      if (field == foreach.fields.end())
        field = foreach.fields.insert(foreach.fields.end(), {name, List(objects.size())});
      field->second[i] = value_of(value);
      if (name == "id") foreach.items.id_parts[i] = id_part(to_text(field->second[i]));
    }
  }
  return foreach;
}

}  // namespace fugle::workflow
