// How a Graph grows (see growth.hpp). Nothing here looks at all of the graph but compressed(), and find_flaw() at what
// comes after the gates that are closed.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "base/assert.hpp"
#include "base/error.hpp"
#include "graph/graph.hpp"

namespace fugle::graph {
namespace {

constexpr std::size_t kMostElements = ElementId::kInvalid;

bool is_ascending(const std::vector<std::uint32_t>& needs) {
  return std::adjacent_find(needs.begin(), needs.end(), std::greater_equal<>()) == needs.end();
}

std::string find_bad_text(const Task& task, const std::string& packed) {
  try {
    (void)unpack(task, packed);
    return {};
  } catch (const EnvironmentError& error) {
    return error.what();
  }
}

/// New elements come after what they need; but a gate that needs them too must not come before that.
bool goes_round(const Graph& graph, const Growth& growth) {
  std::unordered_set<std::uint32_t> above;
  for (const Growth::Element& element : growth.elements)
    for (const std::uint32_t need : element.needs)
      if (need < graph.num_elements()) above.insert(need);
  std::unordered_set<std::uint32_t> seen;
  std::vector<std::uint32_t> open;
  const auto visit = [&](std::uint32_t e) {
    if (seen.insert(e).second) open.push_back(e);
  };
  for (const Growth::Closing& closing : growth.closings)
    if (closing.first < closing.last) visit(closing.gate.value());
  while (!open.empty()) {
    const std::uint32_t e = open.back();
    open.pop_back();
    if (above.contains(e)) return true;
    for (const std::uint32_t below : graph.successors(ElementId(e))) visit(below);
  }
  return false;
}

}  // namespace

std::string Graph::find_flaw(ElementId expansion, const Growth& growth) const {
  const std::uint32_t first = num_elements();
  if (expansion.value() >= first || task_of(expansion).kind != TaskKind::expansion || has_grown(expansion))
    return "what grows is no expansion";
  const std::size_t tasks = num_tasks() + growth.tasks.size();
  if (first + growth.elements.size() >= kMostElements || tasks >= kMostElements) return "there are too many elements";
  for (std::size_t i = 0; i < growth.elements.size(); ++i) {
    const Growth::Element& element = growth.elements[i];
    if (element.task.value() >= tasks) return "an element is of a task there is not";
    if (!is_ascending(element.needs) || (!element.needs.empty() && element.needs.back() >= first + i))
      return fmt::format("{} needs one that is not there before it", element.id);
    const Task& of =
        element.task.value() < num_tasks() ? task(element.task) : growth.tasks[element.task.value() - num_tasks()];
    if (std::string bad = find_bad_text(of, element.packed_text); !bad.empty())
      return fmt::format("{}: {}", element.id, bad);
  }
  for (const Growth::Closing& closing : growth.closings) {
    if (closing.gate.value() >= first || !is_gate(closing.gate) || has_grown(closing.gate))
      return "what is closed is no gate";
    if (closing.first > closing.last || closing.last > growth.elements.size())
      return "a gate is closed by elements there are not";
  }
  return goes_round(*this, growth) ? "elements need each other in a circle" : "";
}

void Graph::grow(ElementId expansion, Growth growth) {
  FUGLE_EXPECT(task_of(expansion).kind == TaskKind::expansion && !has_grown(expansion));
  const std::uint32_t first = num_elements();
  for (Task& task : growth.tasks) new_tasks_.push_back(std::move(task));
  grown_.insert(expansion.value());
  ++num_gates_;
  add_new_elements(growth, first);
  add_new_successors(growth, first);
  for (const Growth::Closing& closing : growth.closings) close(closing, first);
}

void Graph::add_new_elements(Growth& growth, std::uint32_t first) {
  const auto has_estimate = [](const Growth::Element& element) { return element.estimate_s > 0; };
  if (data_.estimate_s.empty() && std::ranges::any_of(growth.elements, has_estimate))
    data_.estimate_s.resize(first, 0.0F);
  for (Growth::Element& element : growth.elements) {
    data_.ids.add(element.id);
    data_.texts.add(element.packed_text);
    data_.task_of.push_back(element.task.value());
    if (!data_.estimate_s.empty()) data_.estimate_s.push_back(element.estimate_s);
    data_.needs.columns.insert(data_.needs.columns.end(), element.needs.begin(), element.needs.end());
    data_.needs.offsets.push_back(static_cast<std::uint32_t>(data_.needs.columns.size()));
    if (!data_.need_bytes.empty()) data_.need_bytes.resize(data_.needs.columns.size(), 0.0F);
    num_gates_ += graph::is_gate(task(element.task).kind) ? 1 : 0;
  }
}

/// Rows of the new elements: the gates that they close, and what needs them among themselves. Old ones get longer rows.
void Graph::add_new_successors(const Growth& growth, std::uint32_t first) {
  const std::uint32_t num = num_elements() - first;
  std::vector<std::uint32_t> next(num, 0);  // first how many, then where
  const auto for_each_edge = [&](const auto& visit) {
    for (const Growth::Closing& closing : growth.closings)
      for (std::uint32_t i = closing.first; i < closing.last; ++i) visit(i, closing.gate.value());
    for (std::uint32_t e = first; e < first + num; ++e)
      for (const std::uint32_t need : data_.needs[e])
        if (need >= first) visit(need - first, e);
  };
  for_each_edge([&](std::uint32_t above, std::uint32_t) { ++next[above]; });
  std::uint32_t end = successors_.offsets.back();
  for (std::uint32_t i = 0; i < num; ++i) {
    const std::uint32_t count = std::exchange(next[i], end);
    end += count;
    successors_.offsets.push_back(end);
  }
  successors_.columns.resize(end);
  for_each_edge([&](std::uint32_t above, std::uint32_t below) { successors_.columns[next[above]++] = below; });
  for (std::uint32_t e = first; e < first + num; ++e)
    for (const std::uint32_t need : data_.needs[e]) {
      if (need >= first) break;
      longer_row(longer_successors_, successors_, need).push_back(e);
    }
}

void Graph::close(const Growth::Closing& closing, std::uint32_t first) {
  auto& needs = longer_row(longer_needs_, data_.needs, closing.gate.value());
  for (std::uint32_t i = closing.first; i < closing.last; ++i) needs.push_back(first + i);
  num_closing_edges_ += closing.last - closing.first;
}

std::vector<std::uint32_t>& Graph::longer_row(LongerRows& longer, const Rows& rows, std::uint32_t e) {
  const auto [place, is_new] = longer.try_emplace(e);
  if (is_new) place->second.assign(rows[e].begin(), rows[e].end());
  return place->second;
}

Graph Graph::compressed() const {
  GraphData flat;
  flat.tasks = data_.tasks;
  flat.tasks.insert(flat.tasks.end(), new_tasks_.begin(), new_tasks_.end());
  flat.ids = data_.ids;
  flat.texts = data_.texts;
  flat.task_of = data_.task_of;
  flat.estimate_s = data_.estimate_s;
  flat.limits = data_.limits;
  for (std::uint32_t i = 0; i < num_elements(); ++i) {
    const ElementId e(i);
    const auto row = needs(e);
    flat.needs.columns.insert(flat.needs.columns.end(), row.begin(), row.end());
    flat.needs.offsets.push_back(static_cast<std::uint32_t>(flat.needs.columns.size()));
    if (data_.need_bytes.empty()) continue;
    for (std::size_t n = 0; n < row.size(); ++n) flat.need_bytes.push_back(need_bytes(e, n));
  }
  Graph graph(std::move(flat));
  graph.grown_ = grown_;
  graph.num_gates_ = num_gates_;
  return graph;
}

}  // namespace fugle::graph
