#include "graph/selection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"

namespace fugle::graph {
namespace {

constexpr std::string_view kTag = "tag:";

class Selector {
 public:
  explicit Selector(const Graph& graph) : graph_(graph), meant_(graph.num_elements(), false) {}

  void add(std::string_view pattern) {
    const bool wants_below = pattern.size() > 1 && pattern.back() == '+';
    if (wants_below) pattern.remove_suffix(1);
    std::vector<std::uint32_t> found = find(pattern);
    if (found.empty()) refuse(pattern);
    for (const std::uint32_t e : found) meant_[e] = true;
    if (wants_below) spread(std::move(found), meant_, [&](std::uint32_t e) { return graph_.successors(ElementId(e)); });
  }

  [[nodiscard]] const std::vector<bool>& meant() const { return meant_; }
  [[nodiscard]] Selection take() {
    Selection selection;
    std::vector<std::uint32_t> open;
    for (std::uint32_t e = 0; e < meant_.size(); ++e)
      if (meant_[e]) open.push_back(e);
    std::vector<bool> wanted = meant_;
    spread(std::move(open), wanted, [&](std::uint32_t e) { return graph_.needs(ElementId(e)); });
    selection.left_out.assign(meant_.size(), false);
    bool leaves_some_out = false;
    for (std::uint32_t e = 0; e < meant_.size(); ++e) {
      if (graph_.is_gate(ElementId(e))) continue;
      selection.num_meant += meant_[e] ? 1 : 0;
      selection.num_needed += wanted[e] && !meant_[e] ? 1 : 0;
      // Those of `finally` are nobody's to select: they wait for all others.
      selection.left_out[e] = !wanted[e] && !graph_.task_of(ElementId(e)).runs_finally;
      leaves_some_out = leaves_some_out || selection.left_out[e];
    }
    if (!leaves_some_out) selection.left_out.clear();
    return selection;
  }

 private:
  [[nodiscard]] std::vector<std::uint32_t> find(std::string_view pattern) const {
    const bool is_tag = pattern.starts_with(kTag);
    std::vector<bool> has_task(graph_.num_tasks());
    for (std::uint32_t t = 0; t < graph_.num_tasks(); ++t) {
      const Task& task = graph_.task(TaskId(t));
      has_task[t] = is_tag ? std::ranges::any_of(task.tags,
                                                 [&](const std::string& tag) {
                                                   return matches_pattern(pattern.substr(kTag.size()), tag);
                                                 })
                           : matches_pattern(pattern, task.name);
    }
    std::vector<std::uint32_t> found;
    for (std::uint32_t e = 0; e < graph_.num_elements(); ++e)
      if (!graph_.is_gate(ElementId(e)) && (has_task[graph_.task_id_of(ElementId(e)).value()] ||
                                            (!is_tag && matches_pattern(pattern, graph_.id(ElementId(e))))))
        found.push_back(e);
    return found;
  }

  /// Marks what can be reached.
  template <class Next>
  static void spread(std::vector<std::uint32_t> open, std::vector<bool>& marks, const Next& next) {
    while (!open.empty()) {
      const std::uint32_t e = open.back();
      open.pop_back();
      for (const std::uint32_t other : next(e)) {
        if (marks[other]) continue;
        marks[other] = true;
        open.push_back(other);
      }
    }
  }

  [[noreturn]] void refuse(std::string_view pattern) const {
    std::vector<std::string_view> known;
    const bool is_tag = pattern.starts_with(kTag);
    for (std::uint32_t t = 0; t < graph_.num_tasks(); ++t) {
      const Task& task = graph_.task(TaskId(t));
      if (is_gate(task.kind)) continue;
      if (is_tag)
        known.insert(known.end(), task.tags.begin(), task.tags.end());
      else
        known.emplace_back(task.name);
    }
    const std::string_view word = is_tag ? pattern.substr(kTag.size()) : pattern.substr(0, pattern.find('['));
    const auto nearest = nearest_word(word, known);
    const bool is_known = std::ranges::find(known, word) != known.end();
    std::string hint = "'fugle plan FILE' lists the elements; `*` stands for any text";
    if (nearest && !is_known) hint = fmt::format("did you mean '{}{}'?", is_tag ? kTag : "", *nearest);
    throw UsageError(fmt::format("--select '{}' matches no {}; {}", pattern, is_tag ? "task" : "element", hint));
  }

  const Graph& graph_;
  std::vector<bool> meant_;
};

}  // namespace

bool matches_pattern(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;  // the last one seen
  std::size_t after_star = 0;                 // where it has matched up to
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      after_star = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++after_star;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

std::vector<std::string> split_patterns(std::string_view text) {
  std::vector<std::string> patterns;
  std::string current;
  int depth = 0;
  const auto end_one = [&] {
    if (!current.empty()) patterns.push_back(std::exchange(current, {}));
  };
  for (const char c : text) {
    if (c == '[') ++depth;
    if (c == ']' && depth > 0) --depth;
    if (depth == 0 && (c == ',' || c == ' ' || c == '\t' || c == '\n'))
      end_one();
    else
      current += c;
  }
  end_one();
  return patterns;
}

std::vector<bool> meant_elements(const Graph& graph, std::span<const std::string> patterns) {
  Selector selector(graph);
  for (const std::string& pattern : patterns) selector.add(pattern);
  std::vector<bool> meant = selector.meant();
  for (std::uint32_t e = 0; e < meant.size(); ++e) meant[e] = meant[e] && !graph.is_gate(ElementId(e));
  return meant;
}

Selection select_elements(const Graph& graph, std::span<const std::string> patterns) {
  if (patterns.empty()) return {};
  Selector selector(graph);
  for (const std::string& pattern : patterns) selector.add(pattern);
  return selector.take();
}

}  // namespace fugle::graph
