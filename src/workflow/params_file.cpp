#include "workflow/params_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/text.hpp"
#include "workflow/fields.hpp"
#include "workflow/param.hpp"

namespace fugle::workflow {
namespace {

void take_list(const Reading& reading, const Entry& entry, Param& param) {
  if (param.type != ParamType::list) {
    refuse_shape(reading, entry.key, "a single value", *entry.value);
    return;
  }
  List items;
  for_each_scalar(reading, entry.key, "single values in its list", *entry.value, [&](const YamlNode& item) {
    if (!refuse_marker(reading, entry.key, item)) items.push_back(untyped_scalar(item.text, item.is_quoted));
  });
  Value value(std::move(items));
  if (check_param(param, value, entry.value->at, reading.diagnostics)) param.fallback = std::move(value);
}

}  // namespace

void take_param(const Reading& reading, const Entry& entry, Param& param) {
  const YamlNode& value = *entry.value;
  if (value.is_list()) {
    take_list(reading, entry, param);
  } else if (value.is_map()) {
    refuse_shape(reading, entry.key, "a value", value);
  } else if (value.is_scalar() && !refuse_marker(reading, entry.key, value)) {
    if (auto parsed = parse_param(param, value.text, value.at, reading.diagnostics)) param.fallback = std::move(parsed);
  }
}

Param* find_param(Workflow& workflow, std::string_view name, Position at, Diagnostics& diagnostics) {
  const auto param = std::ranges::find(workflow.params, name, &Param::name);
  if (param != workflow.params.end()) return &*param;
  std::vector<std::string_view> known;
  for (const Param& one : workflow.params) known.emplace_back(one.name);
  const auto nearest = nearest_word(name, known);
  std::string text = fmt::format("unknown param '{}'", name);
  if (nearest) text += fmt::format("; did you mean '{}'?", *nearest);
  diagnostics.error("E103", at, std::move(text), std::string(nearest.value_or("")));
  return nullptr;
}

const YamlNode* take_params_file(std::string_view bytes, const std::string& name, Document& document,
                                 Workflow& workflow, Diagnostics& diagnostics) {
  const std::uint32_t file = diagnostics.add_file(name);
  const YamlNode* root = parse_file(document, bytes, file, diagnostics);
  if (root == nullptr || root->is_null()) return nullptr;
  if (!root->is_map()) {
    diagnostics.error("E104", root->at, "a params file is a map of params and their values");
    return nullptr;
  }
  const Reading reading{document, diagnostics, file};
  for (const Entry& entry : root->entries)
    if (Param* param = find_param(workflow, entry.key, entry.at, diagnostics)) take_param(reading, entry, *param);
  return root;
}

}  // namespace fugle::workflow
