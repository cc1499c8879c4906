#include "workflow/params_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "workflow/param.hpp"

namespace fugle::workflow {
namespace {

struct TypeWord {
  std::string_view word;
  ParamType type;
};
constexpr TypeWord kTypes[] = {{"int", ParamType::integer},  {"float", ParamType::number},
                               {"bool", ParamType::boolean}, {"string", ParamType::string},
                               {"path", ParamType::path},    {"list", ParamType::list}};

ParamType type_of(const Value& value) {
  switch (value.data.index()) {
    case 1: return ParamType::boolean;
    case 2: return ParamType::integer;
    case 3: return ParamType::number;
    case 5: return ParamType::list;
    default: return ParamType::string;
  }
}

/// One parameter; its keys may stand in any order, so they are looked up rather than walked.
class ParamReader {
 public:
  ParamReader(const Reading& reading, const Entry& entry) : reading_(reading), entry_(entry) {
    param_.name = entry.key;
    param_.at = entry.at;
  }

  Param read() {
    const YamlNode& node = *entry_.value;
    if (node.is_map())
      read_map(node);
    else
      infer(node);
    return std::move(param_);
  }

 private:
  void read_map(const YamlNode& map) {
    const Where where{"param", entry_.key, nullptr};
    const Entry* found[6] = {};
    constexpr std::string_view kNames[] = {"type", "default", "min", "max", "choices", "description"};
    for (const Entry& inner : map.entries) {
      if (accept_key(reading_, Scope::param, inner, where) == nullptr) continue;
      found[std::ranges::find(kNames, inner.key) - std::begin(kNames)] = &inner;
    }
    const auto [type, fallback, min, max, choices, description] = found;
    if (description != nullptr) read_string(reading_, *description, param_.description);
    const bool has_value = fallback != nullptr && !fallback->value->is_null();
    if (type != nullptr) {
      // Without a type the values can not be judged.
      if (!read_type(*type)) return;
    } else if (has_value) {
      infer(*fallback->value);
      param_.fallback.reset();
    }
    if (min != nullptr) read_bound(*min, param_.min);
    if (max != nullptr) read_bound(*max, param_.max);
    if (choices != nullptr) read_choices(*choices);
    if (has_value) read_default(*fallback);
  }

  void infer(const YamlNode& node) {
    Value value = value_of(node);
    param_.type = type_of(value);
    if (!value.is_null()) param_.fallback = std::move(value);
  }

  bool read_type(const Entry& entry) {
    const YamlNode* scalar = scalar_of(reading_, entry, KeyType::word);
    if (scalar == nullptr) return entry.value->is_null();
    const auto* type = std::ranges::find(kTypes, scalar->text, &TypeWord::word);
    if (type == std::end(kTypes)) {
      reading_.diagnostics.error(
          "E112", scalar->at,
          fmt::format("'type' is {}; one of int, float, bool, string, path, list", in_quotes(scalar->text)));
      return false;
    }
    param_.type = type->type;
    return true;
  }

  void read_bound(const Entry& entry, std::optional<double>& into) {
    const YamlNode* scalar = scalar_of(reading_, entry, KeyType::number);
    if (scalar == nullptr) return;
    if (param_.type != ParamType::integer && param_.type != ParamType::number) {
      reading_.diagnostics.error(
          "E113", entry.at,
          fmt::format("'{}' is not allowed here: param {} is not a number", entry.key, in_quotes(param_.name)));
    } else if (!(into = to_number(scalar->text))) {
      refuse_shape(reading_, entry.key, expectation(KeyType::number), *scalar);
    }
  }

  void read_choices(const Entry& entry) {
    if (!is_list_or_refuse(reading_, entry.key, *entry.value)) return;
    std::vector<Value> choices;
    for_each_scalar(reading_, entry.key, "single values in its list", *entry.value, [&](const YamlNode& item) {
      if (auto choice = parse_param(param_, item.text, item.at, reading_.diagnostics))
        choices.push_back(std::move(*choice));
    });
    param_.choices = std::move(choices);
  }

  void read_default(const Entry& entry) {
    const YamlNode& node = *entry.value;
    if (node.kind == YamlNode::Kind::broken) return;
    if (param_.type == ParamType::list) {
      if (!is_list_or_refuse(reading_, entry.key, node)) return;
      Value value = value_of(node);
      if (check_param(param_, value, node.at, reading_.diagnostics)) param_.fallback = std::move(value);
    } else if (node.is_scalar()) {
      param_.fallback = has_marker(node.text) ? std::optional<Value>(node.text)
                                              : parse_param(param_, node.text, node.at, reading_.diagnostics);
    } else {
      refuse_shape(reading_, entry.key, "a single value", node);
    }
  }

  /// Of a scalar or a list of scalars; null when there is nothing to take.
  Value value_of(const YamlNode& node) {
    if (node.is_scalar()) return untyped_scalar(node.text, node.is_quoted);
    if (!node.is_list()) return {};
    List items;
    for_each_scalar(reading_, "default", "single values in its list", node,
                    [&](const YamlNode& item) { items.push_back(untyped_scalar(item.text, item.is_quoted)); });
    return items;
  }

  const Reading& reading_;
  const Entry& entry_;
  Param param_;
};

}  // namespace

std::vector<Param> read_params(const Reading& reading, const Entry& entry) {
  std::vector<Param> params;
  if (!is_map_or_refuse(reading, entry.key, *entry.value)) return params;
  check_environment_names(reading, *entry.value);
  for (const Entry& named : entry.value->entries) {
    if (!check_name(named.key, named.at, reading.diagnostics)) continue;
    params.push_back(ParamReader(reading, named).read());
  }
  return params;
}

}  // namespace fugle::workflow
