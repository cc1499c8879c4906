#include "workflow/includes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/text.hpp"
#include "workflow/merge.hpp"

namespace fugle::workflow {
namespace {

constexpr std::int64_t kVersion = 1;
constexpr std::size_t kMaxDepth = 64;

struct Section {
  std::string_view key;
  MapKind kind;
};
constexpr Section kMerged[] = {{"templates", MapKind::named_tasks},
                               {"params", MapKind::params},
                               {"tasks", MapKind::named_tasks},
                               {"pools", MapKind::other}};

class Includer {
 public:
  Includer(const Reading& reading, OtherFiles& files) : reading_(reading), files_(files) {}

  const YamlNode* include(const YamlNode& root) {
    if (!root.is_map() || find_entry(root, "include") == nullptr) return &root;
    under_way_.push_back(reading_.diagnostics.files()[root.at.file]);
    YamlNode whole = root;
    std::erase_if(whole.entries, [](const Entry& entry) { return entry.key == "include"; });
    const YamlNode* below = nullptr;
    add_files_of(root, below);
    if (below != nullptr) put_below(*below, whole);
    return &reading_.document.nodes.emplace_back(std::move(whole));
  }

 private:
  /// Their sections, one file over the other, in `into`.
  void add_files_of(const YamlNode& root, const YamlNode*& into) {
    const Entry* list = find_entry(root, "include");
    if (list == nullptr || !is_list_or_refuse(reading_, list->key, *list->value)) return;
    for_each_scalar(reading_, list->key, "files in its list", *list->value, [&](const YamlNode& item) {
      if (refuse_marker(reading_, list->key, item)) return;
      if (const YamlNode* sections = sections_of(item)) into = into == nullptr ? sections : over(*into, *sections);
    });
  }

  /// What a file adds, with all that it includes itself; nullptr: nothing, or nothing new.
  const YamlNode* sections_of(const YamlNode& item) {
    const std::string file = files_.path_of(item.text, item.at);
    if (const auto loop = std::ranges::find(under_way_, file); loop != under_way_.end()) {
      const std::vector<std::string> round(loop, under_way_.end());
      reading_.diagnostics.error("E108", item.at, fmt::format("include loop {} -> {}", join(round, " -> "), file));
      return nullptr;
    }
    if (under_way_.size() > kMaxDepth) {
      reading_.diagnostics.error("E108", item.at, fmt::format("'include' is nested deeper than {}", kMaxDepth));
      return nullptr;
    }
    if (!included_.insert(file).second) return nullptr;
    const YamlNode* root = files_.open("include", item.text, item.at);
    if (root == nullptr) return nullptr;
    if (!root->is_map()) {
      if (!root->is_null())
        reading_.diagnostics.error("E104", root->at,
                                   "a file to include is a map of templates, params, tasks and pools");
      return nullptr;
    }
    if (!accept_keys(*root)) return nullptr;
    under_way_.push_back(file);
    const YamlNode* below = nullptr;
    add_files_of(*root, below);
    under_way_.pop_back();
    YamlNode sections = *root;
    std::erase_if(sections.entries, [](const Entry& entry) {
      return std::ranges::find(kMerged, entry.key, &Section::key) == std::end(kMerged);
    });
    if (below != nullptr) put_below(*below, sections);
    return &reading_.document.nodes.emplace_back(std::move(sections));
  }

  /// False for a file of a newer format.
  bool accept_keys(const YamlNode& root) {
    const Entry* version = find_entry(root, "version");
    if (version != nullptr && !version->value->is_null() && !accept_version(reading_, *version)) return false;
    const Where where{"an included file", {}, nullptr};
    for (const Entry& entry : root.entries) {
      if (accept_key(reading_, Scope::top, entry, where) == nullptr) continue;
      const bool is_merged = std::ranges::find(kMerged, entry.key, &Section::key) != std::end(kMerged);
      const bool says_what_it_is = entry.key == "version" || entry.key == "name" || entry.key == "description";
      if (!is_merged && !says_what_it_is && entry.key != "include")
        reading_.diagnostics.error(
            "E113", entry.at,
            fmt::format("'{}' is not allowed here: of an included file templates, params, tasks and pools are taken",
                        entry.key));
    }
    return true;
  }

  const YamlNode* over(const YamlNode& under, const YamlNode& sections) {
    YamlNode both = sections;
    put_below(under, both);
    return &reading_.document.nodes.emplace_back(std::move(both));
  }

  void put_below(const YamlNode& under, YamlNode& whole) {
    for (const Section& section : kMerged) {
      const Entry* low = find_entry(under, section.key);
      if (low == nullptr) continue;
      const auto high = std::ranges::find(whole.entries, section.key, &Entry::key);
      if (high == whole.entries.end()) {
        whole.entries.push_back(*low);
        continue;
      }
      if (section.key == "tasks") refuse_doubles(*low->value, *high->value);
      high->value = merged(reading_.document, section.kind, *low->value, *high->value);
    }
  }

  /// Two tasks that happen to have one name are not parts of one.
  void refuse_doubles(const YamlNode& under, const YamlNode& over) {
    std::unordered_map<std::string_view, Position> first;
    for (const Entry& task : under.entries) first.emplace(task.key, task.at);
    for (const Entry& task : over.entries)
      if (const auto known = first.find(task.key); known != first.end())
        reading_.diagnostics.error("E102", task.at,
                                   fmt::format("duplicate key {} (first at {})", in_quotes(task.key),
                                               reading_.diagnostics.in_words(known->second, task.at)));
  }

  const Reading& reading_;
  OtherFiles& files_;
  std::vector<std::string> under_way_;
  std::unordered_set<std::string> included_;
};

}  // namespace

const YamlNode* with_includes(const Reading& reading, OtherFiles& files, const YamlNode& root) {
  return Includer(reading, files).include(root);
}

bool accept_version(const Reading& reading, const Entry& version) {
  const YamlNode* scalar = scalar_of(reading, version, KeyType::whole_number);
  if (scalar == nullptr) return true;
  const auto number = to_int(scalar->text);
  if (!number) {
    refuse_shape(reading, version.key, expectation(KeyType::whole_number), *scalar);
  } else if (*number < kVersion) {
    reading.diagnostics.error("E112", scalar->at,
                              fmt::format("'version' is {}; the first format version is {}", *number, kVersion));
  } else if (*number > kVersion) {
    reading.diagnostics.error("E106", scalar->at,
                              fmt::format("format version {} is newer than this build ({})", *number, kVersion));
    return false;
  }
  return true;
}

}  // namespace fugle::workflow
