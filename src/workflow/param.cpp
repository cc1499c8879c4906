#include "workflow/param.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "workflow/scalar.hpp"

namespace fugle::workflow {
namespace {

const char* article_and_name(ParamType type) {
  switch (type) {
    case ParamType::integer: return "an int";
    case ParamType::number: return "a float";
    case ParamType::boolean: return "a bool";
    case ParamType::string: return "a string";
    case ParamType::path: return "a path";
    case ParamType::list: return "a list";
  }
  return "";
}

std::optional<Value> convert(ParamType type, const std::string& text) {
  switch (type) {
    case ParamType::integer:
      if (const auto whole = to_int(text)) return Value(*whole);
      return std::nullopt;
    case ParamType::number:
      if (const auto number = to_number(text)) return Value(*number);
      return std::nullopt;
    case ParamType::boolean:
      if (text == "true" || text == "false") return Value(text == "true");
      return std::nullopt;
    case ParamType::string:
    case ParamType::path: return Value(text);
    case ParamType::list: break;
  }
  List items;
  if (!text.empty())
    for (const std::string_view item : split(text, ',')) items.push_back(untyped_scalar(std::string(item), false));
  return Value(std::move(items));
}

/// Of an int or a float; other types have no order.
std::optional<double> number_of(const Value& value) {
  if (const auto* whole = std::get_if<std::int64_t>(&value.data)) return static_cast<double>(*whole);
  if (const auto* number = std::get_if<double>(&value.data)) return *number;
  return std::nullopt;
}

}  // namespace

std::optional<Value> parse_param(const Param& param, const std::string& text, Position at, Diagnostics& diagnostics) {
  std::optional<Value> value = convert(param.type, text);
  if (!value) {
    diagnostics.error("E110", at,
                      fmt::format("{}: {} is not {}", param.name, in_quotes(text), article_and_name(param.type)));
    return std::nullopt;
  }
  if (!check_param(param, *value, at, diagnostics)) return std::nullopt;
  return value;
}

bool check_param(const Param& param, const Value& value, Position at, Diagnostics& diagnostics) {
  const auto refuse = [&](std::string text) {
    diagnostics.error("E110", at, fmt::format("{}: {}", param.name, text));
    return false;
  };
  if (const auto number = number_of(value)) {
    if (param.max && *number > *param.max) return refuse(fmt::format("{} > max {}", to_text(value), *param.max));
    if (param.min && *number < *param.min) return refuse(fmt::format("{} < min {}", to_text(value), *param.min));
  }
  if (param.choices.empty() || std::find(param.choices.begin(), param.choices.end(), value) != param.choices.end())
    return true;
  std::vector<std::string> words;
  for (const Value& choice : param.choices) words.push_back(to_text(choice));
  return refuse(fmt::format("{} is not one of {}", in_quotes(to_text(value)), join(words, ", ")));
}

}  // namespace fugle::workflow
