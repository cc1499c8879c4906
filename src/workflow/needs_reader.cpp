#include "workflow/needs_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "base/text.hpp"

namespace fugle::workflow {
namespace {

constexpr std::array<std::pair<std::string_view, Need::Kind>, 5> kConditions{{{"ok", Need::Kind::ok},
                                                                              {"failed", Need::Kind::failed},
                                                                              {"done", Need::Kind::done},
                                                                              {"started", Need::Kind::started},
                                                                              {"each", Need::Kind::each}}};

/// E112 for what is no condition; `task` is the one that is needed.
std::optional<Need::Kind> condition_of(const Reading& reading, std::string_view task, const YamlNode& word) {
  static constexpr std::string_view kWords[] = {"ok", "failed", "done", "started", "each"};
  const auto* found = std::ranges::find(kConditions, word.text, &std::pair<std::string_view, Need::Kind>::first);
  if (found != kConditions.end()) return found->second;
  reading.diagnostics.error(
      "E112", word.at,
      fmt::format("{} is {}; one of ok, failed, done, started, each", in_quotes(task), in_quotes(word.text)),
      std::string(nearest_word(word.text, kWords).value_or("")));
  return std::nullopt;
}

/// `t: {is: done}`.
std::optional<Need::Kind> condition_in_map(const Reading& reading, const Entry& need, const Where& where) {
  const Where here{"needs", need.key, &where};
  std::optional<Need::Kind> kind = Need::Kind::ok;
  for (const Entry& entry : need.value->entries) {
    const Key* key = accept_key(reading, Scope::need, entry, here);
    if (key == nullptr) {
      kind.reset();
    } else if (key->name == "is") {
      const YamlNode* word = scalar_of(reading, entry, KeyType::word);
      const auto condition = word == nullptr ? std::nullopt : condition_of(reading, need.key, *word);
      if (kind && !entry.value->is_null()) kind = condition;
    }
  }
  return kind;
}

std::optional<Need::Kind> condition_of_entry(const Reading& reading, const Entry& need, const Where& where) {
  const YamlNode& node = *need.value;
  if (node.is_null()) return Need::Kind::ok;
  if (node.is_map()) return condition_in_map(reading, need, where);
  if (node.is_scalar()) return condition_of(reading, need.key, node);
  if (node.is_list()) refuse_shape(reading, need.key, "a condition like ok", node);
  return std::nullopt;
}

}  // namespace

void read_needs(const Reading& reading, const Entry& entry, const Where& where, std::vector<Need>& into) {
  const YamlNode& node = *entry.value;
  if (node.is_scalar()) into.push_back({node.text, node.at});
  std::unordered_set<std::string_view> seen;
  for_each_scalar(reading, entry.key, "task names in its list", node, [&](const YamlNode& item) {
    if (seen.insert(item.text).second) into.push_back({item.text, item.at});
  });
  for (const Entry& need : node.entries)
    if (const auto kind = condition_of_entry(reading, need, where)) into.push_back({need.key, need.at, *kind});
}

void read_join(const Reading& reading, const Entry& entry, bool& joins_any) {
  if (entry.value->is_null()) joins_any = false;
  const YamlNode* word = scalar_of(reading, entry, KeyType::word);
  if (word == nullptr) return;
  joins_any = word->text == "any";
  if (joins_any || word->text == "all") return;
  static constexpr std::string_view kWords[] = {"all", "any"};
  reading.diagnostics.error("E112", word->at, fmt::format("'join' is {}; one of all, any", in_quotes(word->text)),
                            std::string(nearest_word(word->text, kWords).value_or("")));
}

void read_when(const Reading& reading, const Entry& entry, Boxed<Text>& into) {
  read_text(reading, entry, into);
  const bool is_bare = into && entry.value->is_scalar() && into->raw.find("${{") == std::string::npos;
  if (!is_bare) return;
  into->markers = {into->at};
  into->raw = fmt::format("${{{{ {} }}}}", into->raw);
}

void read_on_failure(const Reading& reading, const Entry& entry, const Where& where, TaskNode& into) {
  static const TaskNode kBuiltin;
  const auto policy = [&](const Entry& word) {
    read_field(reading, word, KeyType::word, kBuiltin.on_failure, into.on_failure, parse_on_failure);
  };
  if (entry.value->is_null()) into.handler.reset();
  if (!entry.value->is_map()) return policy(entry);
  const Where here{"on_failure", {}, where.kind.empty() ? nullptr : &where};
  for (const Entry& part : entry.value->entries) {
    const Key* key = accept_key(reading, Scope::on_failure, part, here);
    if (key == nullptr) continue;
    if (key->name == "policy") {
      policy(part);
    } else if (part.value->is_null()) {
      into.handler.reset();
    } else if (const YamlNode* name = scalar_of(reading, part, KeyType::name)) {
      if (!refuse_marker(reading, part.key, *name)) into.handler = Handler{name->text, name->at};
    }
  }
}

}  // namespace fugle::workflow
