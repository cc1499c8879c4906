#include "graph/find_flaw.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/error.hpp"

namespace fugle::graph {
namespace {

template <class Offsets>
bool are_offsets(const Offsets& offsets, std::size_t num_rows, std::size_t size) {
  return offsets.size() == num_rows + 1 && offsets.front() == 0 && offsets.back() == size &&
         std::is_sorted(offsets.begin(), offsets.end());
}

/// As many rows as elements, all below a limit.
std::string find_misfit(const GraphData& data) {
  const std::size_t n = data.task_of.size();
  if (n >= std::numeric_limits<std::uint32_t>::max()) return "there are too many elements";
  if (!are_offsets(data.ids.offsets(), n, data.ids.bytes().size())) return "the ids are not those of the elements";
  if (!are_offsets(data.texts.offsets(), n, data.texts.bytes().size()))
    return "the texts are not those of the elements";
  if (!are_offsets(data.needs.offsets, n, data.needs.columns.size())) return "the needs are not those of the elements";
  if (!data.estimate_s.empty() && data.estimate_s.size() != n) return "the estimates are not those of the elements";
  if (!data.need_bytes.empty() && data.need_bytes.size() != data.needs.columns.size())
    return "the bytes are not those of the needs";
  const auto is_below = [](std::size_t limit) { return [limit](std::uint32_t value) { return value < limit; }; };
  if (!std::all_of(data.task_of.begin(), data.task_of.end(), is_below(data.tasks.size())))
    return "an element is of a task there is not";
  if (!std::all_of(data.needs.columns.begin(), data.needs.columns.end(), is_below(n)))
    return "an element needs one there is not";
  return {};
}

std::string find_bad_text(const GraphData& data) {
  for (std::size_t e = 0; e < data.task_of.size(); ++e) {
    try {
      (void)unpack(data.tasks[data.task_of[e]], data.texts[e]);
    } catch (const EnvironmentError& error) {
      return fmt::format("element {}: {}", e, error.what());
    }
  }
  return {};
}

/// Takes away what needs nothing, again and again: a circle stays.
bool has_cycle(const Rows& needs, std::size_t n) {
  std::vector<std::uint32_t> first(n + 1), next, left(n), open;
  for (const std::uint32_t need : needs.columns) ++first[need + 1];
  for (std::size_t v = 0; v < n; ++v) first[v + 1] += first[v];
  std::vector<std::uint32_t> above(needs.columns.size());
  next.assign(first.begin(), first.end() - 1);
  for (std::uint32_t v = 0; v < n; ++v) {
    left[v] = static_cast<std::uint32_t>(needs[v].size());
    if (left[v] == 0) open.push_back(v);
    for (const std::uint32_t need : needs[v]) above[next[need]++] = v;
  }
  std::size_t num_taken = 0;
  for (; !open.empty(); ++num_taken) {
    const std::uint32_t v = open.back();
    open.pop_back();
    for (std::uint32_t i = first[v]; i < first[v + 1]; ++i)
      if (--left[above[i]] == 0) open.push_back(above[i]);
  }
  return num_taken != n;
}

}  // namespace

std::string find_flaw(const GraphData& data) {
  if (std::string misfit = find_misfit(data); !misfit.empty()) return misfit;
  if (std::string text = find_bad_text(data); !text.empty()) return text;
  return has_cycle(data.needs, data.task_of.size()) ? "elements need each other in a circle" : "";
}

}  // namespace fugle::graph
