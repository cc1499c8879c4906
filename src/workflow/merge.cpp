#include "workflow/merge.hpp"

#include <algorithm>
#include <string>
#include <unordered_map>

namespace fugle::workflow {
namespace {

/// `retries: 2` is `{max: 2}`, `outputs: {o: a.h5}` is `{o: {path: a.h5}}`.
struct ShortForm {
  std::string_view key;
  std::string_view stands_for;
  bool is_of_names = false;  ///< of each name in the map
};
constexpr ShortForm kShortForms[] = {{"retries", "max"},     {"on_failure", "policy"}, {"cache", "by"},
                                     {"container", "image"}, {"inputs", "path", true}, {"outputs", "path", true},
                                     {"pools", "n", true},   {"needs", "is", true}};
constexpr ShortForm kNoForm{};

const ShortForm& form_of(std::string_view key) {
  const auto* form = std::ranges::find(kShortForms, key, &ShortForm::key);
  return form == std::end(kShortForms) ? kNoForm : *form;
}

class Merger {
 public:
  explicit Merger(Document& document) : document_(document) {}

  /// `form` is that of the two nodes themselves, or of what their names stand for.
  const YamlNode* merge(MapKind kind, const ShortForm& form, const YamlNode& under, const YamlNode& over) {
    const YamlNode* low = &under;
    const YamlNode* high = &over;
    if (!form.stands_for.empty() && !form.is_of_names && low->is_map() != high->is_map()) {
      low = made_long(form, low);
      high = made_long(form, high);
    }
    if (!low->is_map() || !high->is_map()) return high;
    return merge_maps(kind, form, *low, *high);
  }

 private:
  const YamlNode* made_long(const ShortForm& form, const YamlNode* node) {
    if (!node->is_scalar() && !node->is_list()) return node;
    YamlNode& map = document_.nodes.emplace_back();
    map.kind = YamlNode::Kind::map;
    map.at = node->at;
    map.offset = node->offset;
    map.entries.push_back({std::string(form.stands_for), node->at, node});
    return &map;
  }

  const YamlNode* merge_maps(MapKind kind, const ShortForm& form, const YamlNode& under, const YamlNode& over) {
    if (under.entries.empty()) return &over;
    YamlNode map;
    map.kind = YamlNode::Kind::map;
    map.at = over.at;
    map.offset = over.offset;
    map.entries = under.entries;
    std::unordered_map<std::string_view, std::size_t> places;
    for (std::size_t i = 0; i < under.entries.size(); ++i) places.emplace(under.entries[i].key, i);
    for (const Entry& entry : over.entries) {
      const auto place = places.find(entry.key);
      if (place == places.end()) {
        map.entries.push_back(entry);
        continue;
      }
      Entry& both = map.entries[place->second];
      both.at = entry.at;
      both.value = merge_values(kind, form, entry.key, *both.value, *entry.value);
    }
    return &document_.nodes.emplace_back(std::move(map));
  }

  const YamlNode* merge_values(MapKind kind, const ShortForm& form, const std::string& key, const YamlNode& under,
                               const YamlNode& over) {
    switch (kind) {
      case MapKind::task: return merge(MapKind::other, form_of(key), under, over);
      case MapKind::named_tasks: return merge(MapKind::task, kNoForm, under, over);
      case MapKind::params: return merge(MapKind::other, ShortForm{{}, "default", false}, under, over);
      case MapKind::other: break;
    }
    const ShortForm of_value{{}, form.is_of_names ? form.stands_for : std::string_view(), false};
    return merge(MapKind::other, of_value, under, over);
  }

  Document& document_;
};

}  // namespace

const YamlNode* merged(Document& document, MapKind kind, const YamlNode& under, const YamlNode& over) {
  return Merger(document).merge(kind, kNoForm, under, over);
}

const Entry* find_entry(const YamlNode& map, std::string_view key) {
  const auto entry = std::ranges::find(map.entries, key, &Entry::key);
  return entry == map.entries.end() ? nullptr : &*entry;
}

}  // namespace fugle::workflow
