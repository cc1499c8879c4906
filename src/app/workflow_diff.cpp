#include "app/workflow_diff.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "report/command_text.hpp"
#include "report/json_text.hpp"

namespace fugle::app {
namespace {

using Json = nlohmann::ordered_json;
using Kind = Difference::Kind;

constexpr std::size_t kMostLines = 6;  ///< of a text that differs, on each side

std::string text_of(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

/// Leaves of maps are told one by one; lists are one value.
class KeyDiff {
 public:
  explicit KeyDiff(std::vector<Difference>& into) : into_(into) {}

  void compare(const std::string& what, const std::string& key, const Json& before, const Json& after) {
    if (before == after) return;
    if (!before.is_object() || !after.is_object())
      return into_.push_back({Kind::changed, what, key, text_of(before), text_of(after)});
    for (const auto& [name, value] : before.items()) {
      const std::string inner = key.empty() ? name : key + "." + name;
      if (after.contains(name))
        compare(what, inner, value, after[name]);
      else
        into_.push_back({Kind::removed, what, inner, text_of(value), ""});
    }
    for (const auto& [name, value] : after.items())
      if (!before.contains(name))
        into_.push_back({Kind::added, what, key.empty() ? name : key + "." + name, "", text_of(value)});
  }

  void compare_tasks(const Json& before, const Json& after) {
    for (const auto& [name, task] : before.items()) {
      if (after.contains(name))
        compare("task " + name, "", task, after[name]);
      else
        into_.push_back({Kind::removed, "task " + name, "", "", ""});
    }
    for (const auto& [name, task] : after.items())
      if (!before.contains(name)) into_.push_back({Kind::added, "task " + name, "", "", ""});
  }

 private:
  std::vector<Difference>& into_;
};

Json part(Json& workflow, const char* key) {
  Json found = workflow.contains(key) && workflow[key].is_object() ? workflow[key] : Json::object();
  workflow.erase(key);
  return found;
}

std::map<std::string_view, std::uint32_t> by_id(const graph::Graph& graph) {
  std::map<std::string_view, std::uint32_t> elements;
  for (std::uint32_t e = 0; e < graph.num_elements(); ++e)
    if (!graph.is_gate(ElementId(e))) elements.emplace(graph.id(ElementId(e)), e);
  return elements;
}

std::vector<std::string_view> needs_of(const graph::Graph& graph, std::uint32_t e) {
  std::vector<std::string_view> ids;
  for (const ElementId need : graph.real_needs(ElementId(e))) ids.push_back(graph.id(need));
  std::ranges::sort(ids);
  return ids;
}

/// Line by line, without what is equal at both ends.
std::string lines_text(const Difference& difference) {
  std::vector<std::string_view> before = split(difference.before, '\n');
  std::vector<std::string_view> after = split(difference.after, '\n');
  while (!before.empty() && !after.empty() && before.back() == after.back()) before.pop_back(), after.pop_back();
  const auto [a, b] = std::ranges::mismatch(before, after);
  before.erase(before.begin(), a);
  after.erase(after.begin(), b);
  std::string text;
  const auto add = [&text](char sign, const std::vector<std::string_view>& lines) {
    for (std::size_t i = 0; i < std::min(lines.size(), kMostLines); ++i)
      text += fmt::format("      {} {}\n", sign, lines[i]);
    if (lines.size() > kMostLines) text += fmt::format("      {} ... {} more\n", sign, lines.size() - kMostLines);
  };
  add('-', before);
  add('+', after);
  return text;
}

std::string key_text(const Difference& difference) {
  const bool has_lines = (difference.before + difference.after).find('\n') != std::string::npos;
  if (has_lines) return fmt::format("    {}:\n{}", difference.key, lines_text(difference));
  switch (difference.kind) {
    case Kind::added: return fmt::format("  + {}: {}\n", difference.key, difference.after);
    case Kind::removed: return fmt::format("  - {}: {}\n", difference.key, difference.before);
    case Kind::changed: break;
  }
  return fmt::format("    {}: {} -> {}\n", difference.key, difference.before, difference.after);
}

char sign_of(Kind kind) { return kind == Kind::added ? '+' : kind == Kind::removed ? '-' : '~'; }

}  // namespace

std::vector<Difference> diff_elements(const graph::Graph& before, const graph::Graph& after, bool compares_texts) {
  std::vector<Difference> differences;
  const auto old_ones = by_id(before);
  const auto new_ones = by_id(after);
  for (const auto& [id, e] : old_ones) {
    const auto found = new_ones.find(id);
    if (found == new_ones.end()) {
      differences.push_back({Kind::removed, fmt::format("element {}", id), "", "", ""});
    } else if (compares_texts) {
      const std::string was = report::command_text(before, {ElementId(e)});
      const std::string is = report::command_text(after, {ElementId(found->second)});
      if (was != is) differences.push_back({Kind::changed, fmt::format("element {}", id), "run", was, is});
    }
  }
  for (const auto& [id, e] : new_ones)
    if (!old_ones.contains(id)) differences.push_back({Kind::added, fmt::format("element {}", id), "", "", ""});
  return differences;
}

std::vector<Difference> diff_workflows(const Loaded& before, const Loaded& after) {
  std::vector<Difference> differences;
  const bool has_keys = !before.resolved.empty() && !after.resolved.empty();
  if (has_keys) {
    KeyDiff keys(differences);
    Json old_one = Json::parse(before.resolved).at("workflow");
    Json new_one = Json::parse(after.resolved).at("workflow");
    const Json old_tasks = part(old_one, "tasks"), new_tasks = part(new_one, "tasks");
    const Json old_last = part(old_one, "finally"), new_last = part(new_one, "finally");
    keys.compare("workflow", "", old_one, new_one);
    keys.compare_tasks(old_tasks, new_tasks);
    keys.compare_tasks(old_last, new_last);
  }
  const std::size_t num_of_keys = differences.size();
  for (Difference& one : diff_elements(before.graph, after.graph, !has_keys)) {
    // Those of tasks that are new or gone are told with them.
    const bool is_told =
        std::any_of(differences.begin(), differences.begin() + num_of_keys, [&](const Difference& task) {
          const std::string id = one.what.substr(one.what.find(' ') + 1);
          return task.key.empty() && task.what == "task " + id.substr(0, id.find('['));
        });
    if (!is_told) differences.push_back(std::move(one));
  }
  return differences;
}

bool have_other_shapes(const graph::Graph& before, const graph::Graph& after) {
  const auto old_ones = by_id(before);
  const auto new_ones = by_id(after);
  if (old_ones.size() != new_ones.size()) return true;
  return !std::ranges::all_of(old_ones, [&](const auto& old) {
    const auto found = new_ones.find(old.first);
    return found != new_ones.end() && needs_of(before, old.second) == needs_of(after, found->second);
  });
}

std::string text_of(std::span<const Difference> differences) {
  std::string text;
  std::string_view last;
  for (const Difference& one : differences) {
    if (one.key.empty()) {
      text += fmt::format("{} {}\n", sign_of(one.kind), one.what);
      last = {};
      continue;
    }
    if (one.what != last) text += fmt::format("~ {}\n", one.what);
    last = one.what;
    text += key_text(one);
  }
  return text;
}

std::string json_of(std::span<const Difference> differences) {
  Json list = Json::array();
  for (const Difference& one : differences)
    list.push_back({{"change", one.kind == Kind::added     ? "added"
                               : one.kind == Kind::removed ? "removed"
                                                           : "changed"},
                    {"what", one.what},
                    {"key", one.key.empty() ? Json() : Json(one.key)},
                    {"before", one.kind == Kind::added || one.key.empty() ? Json() : Json(one.before)},
                    {"after", one.kind == Kind::removed || one.key.empty() ? Json() : Json(one.after)}});
  return list.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace fugle::app
