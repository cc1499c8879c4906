#include "graph/graph.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.hpp"

namespace fugle::graph {
namespace {

/// Rows of the opposite direction, each ascending.
Rows transpose(const Rows& rows, std::uint32_t num_vertices) {
  Rows turned;
  turned.offsets.assign(num_vertices + std::size_t{1}, 0);
  turned.columns.resize(rows.columns.size());
  for (const std::uint32_t column : rows.columns) ++turned.offsets[column + std::size_t{1}];
  for (std::size_t v = 0; v < num_vertices; ++v) turned.offsets[v + 1] += turned.offsets[v];
  std::vector<std::uint32_t> next(turned.offsets.begin(), turned.offsets.end() - 1);
  for (std::uint32_t v = 0; v < num_vertices; ++v)
    for (const std::uint32_t column : rows[v]) turned.columns[next[column]++] = v;
  return turned;
}

}  // namespace

StringColumn StringColumn::from_raw(std::vector<std::uint64_t> offsets, std::string bytes) {
  FUGLE_EXPECT(!offsets.empty() && offsets.back() == bytes.size());
  StringColumn column;
  column.offsets_ = std::move(offsets);
  column.bytes_ = std::move(bytes);
  return column;
}

Graph::Graph(GraphData data) : data_(std::move(data)) {
  FUGLE_EXPECT(data_.ids.size() == num_elements() && data_.texts.size() == num_elements());
  FUGLE_EXPECT(data_.needs.offsets.size() == num_elements() + std::size_t{1});
  successors_ = transpose(data_.needs, num_elements());
  for (const std::uint32_t t : data_.task_of) num_gates_ += graph::is_gate(data_.tasks[t].kind) ? 1 : 0;
}

Duration Graph::estimate(ElementId e) const {
  if (!data_.estimate_s.empty() && data_.estimate_s[e.value()] > 0)
    return from_seconds(static_cast<double>(data_.estimate_s[e.value()]));
  return task_of(e).estimate;
}

std::vector<ElementId> Graph::real_needs(ElementId e) const {
  std::vector<ElementId> found;
  std::vector<std::uint32_t> open(needs(e).begin(), needs(e).end());
  while (!open.empty()) {
    const ElementId need(open.back());
    open.pop_back();
    if (is_gate(need))
      open.insert(open.end(), needs(need).begin(), needs(need).end());
    else
      found.push_back(need);
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

ElementId Graph::find(std::string_view wanted) const {
  const std::string tag = fmt::format("id:{}", wanted);
  ElementId tagged;
  for (std::uint32_t i = 0; i < num_elements(); ++i) {
    const ElementId e(i);
    if (is_gate(e)) continue;
    if (id(e) == wanted) return e;
    const auto& tags = task_of(e).tags;
    if (!tagged.is_valid() && std::find(tags.begin(), tags.end(), tag) != tags.end()) tagged = e;
  }
  return tagged;
}

float Graph::need_bytes(ElementId e, std::size_t i) const {
  const std::size_t first = data_.needs.offsets[e.value()];
  const bool is_known = !data_.need_bytes.empty() && first + i < data_.needs.offsets[e.value() + std::size_t{1}];
  return is_known ? data_.need_bytes[first + i] : 0;
}

TaskId GraphBuilder::add_task(Task task) {
  data_.tasks.push_back(std::move(task));
  return TaskId(static_cast<std::uint32_t>(data_.tasks.size() - 1));
}

ElementId GraphBuilder::add_element(TaskId task_id, std::string_view id, const ElementText& text, Duration estimate) {
  const ElementId e(num_elements());
  data_.task_of.push_back(task_id.value());
  data_.ids.add(id);
  std::string packed;
  pack(task(task_id), text, packed);
  data_.texts.add(packed);
  if (estimate > Duration::zero()) data_.estimate_s.resize(e.value(), 0.0F);
  if (estimate > Duration::zero() || !data_.estimate_s.empty())
    data_.estimate_s.push_back(static_cast<float>(to_seconds(estimate)));
  return e;
}

void GraphBuilder::add_edge(ElementId from, ElementId to, double bytes) {
  FUGLE_EXPECT(from.value() < num_elements() && to.value() < num_elements());
  has_bytes_ = has_bytes_ || bytes > 0;
  edges_.push_back({from.value(), to.value(), static_cast<float>(bytes)});
}

void GraphBuilder::add_edges_all(std::span<const ElementId> from, std::span<const ElementId> to) {
  const std::size_t direct = from.size() * to.size();
  if (direct <= 2 * (from.size() + to.size())) {
    for (const ElementId t : to)
      for (const ElementId f : from) add_edge(f, t);
    return;
  }
  const ElementId gate = gate_over(TaskKind::gate, from);
  for (const ElementId t : to) add_edge(gate, t);
}

void GraphBuilder::add_edges_through(TaskKind kind, std::span<const ElementId> from, std::span<const ElementId> to) {
  const ElementId gate = gate_over(kind, from);
  for (const ElementId t : to) add_edge(gate, t);
}

ElementId GraphBuilder::gate_over(TaskKind kind, std::span<const ElementId> from) {
  FUGLE_EXPECT(graph::is_gate(kind));
  const auto [place, is_new] = gates_.try_emplace({kind, {from.begin(), from.end()}});
  if (!is_new) return place->second;
  place->second = add_element(task_of_gates(kind), "", {});
  for (const ElementId f : from) add_edge(f, place->second);
  return place->second;
}

/// There may be as many gates of the other kinds as elements: those of one kind share a task.
TaskId GraphBuilder::task_of_gates(TaskKind kind) {
  if (const auto known = gate_tasks_.find(kind); known != gate_tasks_.end()) return known->second;
  Task task;
  task.kind = kind;
  task.request.cores = 0;
  const TaskId added = add_task(std::move(task));
  if (kind != TaskKind::gate) gate_tasks_[kind] = added;
  return added;
}

GraphData GraphBuilder::build() && {
  std::sort(edges_.begin(), edges_.end(), [](const Edge& a, const Edge& b) {
    return std::pair{a.to, a.from} < std::pair{b.to, b.from};
  });
  Rows& rows = data_.needs;
  rows.offsets.assign(num_elements() + std::size_t{1}, 0);
  rows.columns.reserve(edges_.size());
  for (std::size_t i = 0; i < edges_.size(); ++i) {
    const Edge& edge = edges_[i];
    if (i > 0 && edges_[i - 1].to == edge.to && edges_[i - 1].from == edge.from) {
      if (has_bytes_) data_.need_bytes.back() += edge.bytes;
      continue;
    }
    rows.columns.push_back(edge.from);
    if (has_bytes_) data_.need_bytes.push_back(edge.bytes);
    ++rows.offsets[edge.to + std::size_t{1}];
  }
  for (std::size_t v = 0; v < num_elements(); ++v) rows.offsets[v + 1] += rows.offsets[v];
  if (!data_.estimate_s.empty()) data_.estimate_s.resize(num_elements(), 0.0F);
  std::vector<Edge>().swap(edges_);
  data_.ids.shrink_to_fit();
  data_.texts.shrink_to_fit();
  return std::move(data_);
}

}  // namespace fugle::graph
