#include "workflow/arguments.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace fugle::workflow {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const Value& value) {
  if (const auto* list = std::get_if<List>(&value.data)) {
    Json items = Json::array();
    for (const Value& item : *list) items.push_back(json_of(item));
    return items;
  }
  if (const auto* text = std::get_if<std::string>(&value.data)) return *text;
  if (const auto* whole = std::get_if<std::int64_t>(&value.data)) return *whole;
  if (const auto* real = std::get_if<double>(&value.data)) return *real;
  if (const auto* truth = std::get_if<bool>(&value.data)) return *truth;
  return nullptr;
}

/// `next` is the text of the first expression that is met.
Json rendered(const Argument& argument, const Names& names, const TextTemplate*& next) {
  if (argument.kind == Argument::Kind::scalar)
    return argument.expression ? json_of((next++)->value(names)) : json_of(argument.value);
  Json out = argument.kind == Argument::Kind::list ? Json::array() : Json::object();
  for (std::size_t i = 0; i < argument.items.size(); ++i) {
    Json item = rendered(argument.items[i], names, next);
    if (argument.kind == Argument::Kind::list)
      out.push_back(std::move(item));
    else
      out[argument.names[i]] = std::move(item);
  }
  return out;
}

}  // namespace

std::string json_text(const Value& value) {
  return json_of(value).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<ArgumentsTemplate> ArgumentsTemplate::compile(const Argument& from, const Compile& compile) {
  ArgumentsTemplate compiled;
  compiled.from_ = &from;
  if (!compiled.add(from, compile)) return std::nullopt;
  return compiled;
}

bool ArgumentsTemplate::add(const Argument& argument, const Compile& compile) {
  if (argument.expression) {
    auto text = compile(*argument.expression);
    if (text) texts_.push_back(std::move(*text));
    return text.has_value();
  }
  bool is_good = true;
  for (const Argument& item : argument.items) is_good = add(item, compile) && is_good;
  return is_good;
}

std::string ArgumentsTemplate::json(const Names& names) const {
  const TextTemplate* next = texts_.data();
  // Values of the command line may be no UTF-8.
  return rendered(*from_, names, next).dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace fugle::workflow
