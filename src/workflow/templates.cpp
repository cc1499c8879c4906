#include "workflow/templates.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "workflow/merge.hpp"
#include "workflow/task_reader.hpp"

namespace fugle::workflow {
namespace {

const YamlNode* without_extends(const Reading& reading, const YamlNode& keys) {
  if (find_entry(keys, "extends") == nullptr) return &keys;
  YamlNode rest = keys;
  std::erase_if(rest.entries, [](const Entry& entry) { return entry.key == "extends"; });
  return &reading.document.nodes.emplace_back(std::move(rest));
}

}  // namespace

Templates::Templates(const Reading& reading, const Entry* defaults, const Entry* templates) : reading_(reading) {
  if (templates != nullptr && is_map_or_refuse(reading, templates->key, *templates->value))
    for (const Entry& entry : templates->value->entries) add_template(entry);
  if (defaults != nullptr && is_map_or_refuse(reading, defaults->key, *defaults->value)) {
    const YamlNode* good = good_task_keys(reading, *defaults->value, {"defaults", {}, nullptr});
    default_extends_ = find_entry(*good, "extends");
    defaults_ = without_extends(reading, *good);
  }
  // Also those that nobody extends are to be right.
  for (const std::string_view name : names_) {
    YamlNode word;
    word.kind = YamlNode::Kind::scalar;
    word.text = name;
    word.at = templates_.at(name).at;
    (void)whole_template(word);
  }
  marks_used_ = true;
}

void Templates::add_template(const Entry& entry) {
  if (!check_name(entry.key, entry.at, reading_.diagnostics)) return;
  const YamlNode& node = *entry.value;
  const bool is_task = node.is_map() || node.is_null();
  if (!is_task && node.kind != YamlNode::Kind::broken) refuse_shape(reading_, entry.key, "a map of task keys", node);
  const YamlNode* keys = node.is_map() ? good_task_keys(reading_, node, {"template", entry.key, nullptr}) : nullptr;
  if (keys == nullptr) {
    YamlNode& nothing = reading_.document.nodes.emplace_back();
    nothing.kind = YamlNode::Kind::map;
    nothing.at = node.at;
    keys = &nothing;
  }
  names_.push_back(entry.key);
  templates_.emplace(entry.key, Template{entry.at, keys});
}

const YamlNode* Templates::whole_task(const Entry& task) {
  const YamlNode& keys = *task.value;
  if (!keys.is_map()) return &keys;
  const Entry* own = find_entry(keys, "extends");
  const YamlNode* whole = over_extended(*without_extends(reading_, keys), own != nullptr ? own : default_extends_);
  return defaults_ == nullptr ? whole : merged(reading_.document, MapKind::task, *defaults_, *whole);
}

const YamlNode* Templates::over_extended(const YamlNode& keys, const Entry* extends) {
  if (extends == nullptr || extends->value->is_null()) return &keys;
  const YamlNode& value = *extends->value;
  if (value.is_map()) {
    refuse_shape(reading_, extends->key, "a template or a list of templates", value);
    return &keys;
  }
  const YamlNode* below = nullptr;
  const auto add = [&](const YamlNode& name) {
    if (refuse_marker(reading_, extends->key, name)) return;
    const YamlNode* base = whole_template(name);
    if (base == nullptr) return;
    below = below == nullptr ? base : merged(reading_.document, MapKind::task, *below, *base);
  };
  if (value.is_scalar())
    add(value);
  else
    for_each_scalar(reading_, extends->key, "templates in its list", value, add);
  return below == nullptr ? &keys : merged(reading_.document, MapKind::task, *below, keys);
}

const YamlNode* Templates::whole_template(const YamlNode& name) {
  const auto found = templates_.find(name.text);
  if (found == templates_.end()) {
    const auto nearest = nearest_word(name.text, names_);
    std::string text = fmt::format("unknown template {}", in_quotes(name.text));
    if (nearest) text += fmt::format("; did you mean '{}'?", *nearest);
    reading_.diagnostics.error("E103", name.at, std::move(text), std::string(nearest.value_or("")));
    return nullptr;
  }
  Template& wanted = found->second;
  if (const auto loop = std::ranges::find(under_way_, found->first); loop != under_way_.end()) {
    std::vector<std::string> round(loop, under_way_.end());
    round.emplace_back(found->first);
    reading_.diagnostics.error("E108", name.at, fmt::format("'extends' loop {}", join(round, " -> ")));
    return wanted.node;
  }
  // A template is whole when it was made, but those below it are only known to be used when it is.
  const bool is_first_use = marks_used_ && !wanted.is_used;
  wanted.is_used = wanted.is_used || marks_used_;
  if (wanted.whole == nullptr || is_first_use) {
    under_way_.push_back(found->first);
    const YamlNode* whole =
        over_extended(*without_extends(reading_, *wanted.node), find_entry(*wanted.node, "extends"));
    under_way_.pop_back();
    if (wanted.whole == nullptr) wanted.whole = whole;
  }
  return wanted.whole;
}

void Templates::warn_of_unused() const {
  for (const std::string_view name : names_) {
    const Template& one = templates_.at(name);
    // A file that is included has templates for many.
    if (one.is_used || one.at.file != reading_.file) continue;
    reading_.diagnostics.warning("W01", one.at, fmt::format("template '{}' is not used", name));
  }
}

}  // namespace fugle::workflow
