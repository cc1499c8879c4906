// The DAG as data: tasks, their elements, and the edges between elements. Frozen once built.
//
// Compact on purpose: ids are dense, texts live in arenas, edges in compressed rows both ways, so that 1,000,000
// elements with 3,000,000 edges fit in 400 MB. Boost.Graph algorithms run over the same rows (see algorithms.hpp).
// Knows nothing of files, machines or of what has happened to an element.
//
// Gates: where m elements all need all of n elements, a gate stands between them (n + m edges instead of n x m).
// A gate is an element of a task of kind `gate`; it has no command, takes no time and is never shown to users.
// Where an element waits for the end of others, be it good or bad, a gate of kind `end_gate` stands between them: so an
// edge is always the same, and what it waits for is known from the elements alone.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "graph/element_text.hpp"
#include "graph/task.hpp"

namespace fugle::graph {

/// Strings one after another in one arena.
class StringColumn {
 public:
  void add(std::string_view text) {
    bytes_ += text;
    offsets_.push_back(bytes_.size());
  }
  [[nodiscard]] std::string_view operator[](std::size_t i) const {
    return std::string_view(bytes_).substr(offsets_[i], offsets_[i + 1] - offsets_[i]);
  }
  [[nodiscard]] std::size_t size() const { return offsets_.size() - 1; }
  void reserve(std::size_t strings, std::size_t bytes) { offsets_.reserve(strings + 1), bytes_.reserve(bytes); }
  void shrink_to_fit() { offsets_.shrink_to_fit(), bytes_.shrink_to_fit(); }

  // The raw columns, for writing and reading as they are: size()+1 offsets, the bytes.
  [[nodiscard]] const std::vector<std::uint64_t>& offsets() const { return offsets_; }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }
  static StringColumn from_raw(std::vector<std::uint64_t> offsets, std::string bytes);

 private:
  std::vector<std::uint64_t> offsets_{0};
  std::string bytes_;
};

/// Compressed sparse rows: the targets of row v are columns[offsets[v] .. offsets[v+1]).
struct Rows {
  std::vector<std::uint32_t> offsets{0};
  std::vector<std::uint32_t> columns;
  [[nodiscard]] std::span<const std::uint32_t> operator[](std::uint32_t row) const {
    return {columns.data() + offsets[row], offsets[row + 1] - offsets[row]};
  }
};

/// Everything a Graph holds, as plain columns: what the builder makes and the plan file keeps.
struct GraphData {
  std::vector<Task> tasks;
  StringColumn ids;                    ///< [element] "mdrun[8,2]"
  StringColumn texts;                  ///< [element] packed ElementText
  std::vector<std::uint32_t> task_of;  ///< [element]
  std::vector<float> estimate_s;       ///< [element] seconds, 0: unknown; empty: all from their tasks
  Rows needs;                          ///< [element] predecessors, ascending
  std::vector<float> need_bytes;       ///< parallel to needs.columns: data on the edge; empty: unknown
  RunLimits limits;
};

class Graph {
 public:
  Graph() = default;
  /// Takes columns whose edges form a DAG (see find_cycle); makes the rows of successors.
  explicit Graph(GraphData data);

  [[nodiscard]] const RunLimits& limits() const { return data_.limits; }
  [[nodiscard]] std::uint32_t num_tasks() const { return static_cast<std::uint32_t>(data_.tasks.size()); }
  /// Gates included: the length of every array indexed by element.
  [[nodiscard]] std::uint32_t num_elements() const { return static_cast<std::uint32_t>(data_.task_of.size()); }
  /// What a user counts: elements that are not gates.
  [[nodiscard]] std::uint32_t num_real_elements() const { return num_elements() - num_gates_; }
  [[nodiscard]] std::size_t num_edges() const { return data_.needs.columns.size(); }

  [[nodiscard]] const Task& task(TaskId t) const { return data_.tasks[t.value()]; }
  [[nodiscard]] TaskId task_id_of(ElementId e) const { return TaskId(data_.task_of[e.value()]); }
  [[nodiscard]] const Task& task_of(ElementId e) const { return task(task_id_of(e)); }
  [[nodiscard]] bool is_gate(ElementId e) const { return graph::is_gate(task_of(e).kind); }
  /// A gate that is open once all before it have ended, whether or not they are OK.
  [[nodiscard]] bool is_end_gate(ElementId e) const { return task_of(e).kind == TaskKind::end_gate; }

  [[nodiscard]] std::string_view id(ElementId e) const { return data_.ids[e.value()]; }
  [[nodiscard]] std::string_view packed_text(ElementId e) const { return data_.texts[e.value()]; }
  [[nodiscard]] ElementText text(ElementId e) const { return unpack(task_of(e), packed_text(e)); }
  /// 0 when unknown.
  [[nodiscard]] Duration estimate(ElementId e) const;

  /// Dense numbers of elements (not ElementId, so that the rows can be used as they are).
  [[nodiscard]] std::span<const std::uint32_t> needs(ElementId e) const { return data_.needs[e.value()]; }
  [[nodiscard]] std::span<const std::uint32_t> successors(ElementId e) const { return successors_[e.value()]; }

  /// The elements (no gates) that must be OK before this one: gates replaced by what they stand for. Ascending.
  [[nodiscard]] std::vector<ElementId> real_needs(ElementId e) const;
  /// Linear in the number of elements: for commands typed by people. Also finds `id:` tags and unique "task" names.
  [[nodiscard]] ElementId find(std::string_view id) const;

  [[nodiscard]] const GraphData& data() const { return data_; }
  [[nodiscard]] const Rows& successor_rows() const { return successors_; }

 private:
  GraphData data_;
  Rows successors_;
  std::uint32_t num_gates_ = 0;
};

/// Collects tasks, elements and edges, then freezes them.
class GraphBuilder {
 public:
  TaskId add_task(Task task);
  ElementId add_element(TaskId task, std::string_view id, const ElementText& text, Duration estimate = Duration{0});
  /// `to` needs `from`. Doubles are merged, their bytes added.
  void add_edge(ElementId from, ElementId to, double bytes = 0);
  void set_limits(RunLimits limits) { data_.limits = limits; }
  /// Every element of `to` needs every element of `from`, by a gate where that saves edges. A gate is reused for an
  /// equal `from`. To be called after the last add_element().
  void add_edges_all(std::span<const ElementId> from, std::span<const ElementId> to);
  /// The same, but `to` starts also when those of `from` have failed, were blocked or cancelled.
  void add_edges_after_end(std::span<const ElementId> from, std::span<const ElementId> to);

  [[nodiscard]] const Task& task(TaskId t) const { return data_.tasks[t.value()]; }
  [[nodiscard]] TaskId task_id_of(ElementId e) const { return TaskId(data_.task_of[e.value()]); }
  [[nodiscard]] std::uint32_t num_elements() const { return static_cast<std::uint32_t>(data_.task_of.size()); }
  [[nodiscard]] std::string_view id(ElementId e) const { return data_.ids[e.value()]; }

  /// The columns; check them with find_cycle before making a Graph.
  [[nodiscard]] GraphData build() &&;

 private:
  struct Edge {
    std::uint32_t from, to;
    float bytes;
  };
  ElementId gate_after(std::span<const ElementId> from, TaskKind kind);
  TaskId task_of_gates(TaskKind kind);

  GraphData data_;
  std::vector<Edge> edges_;
  std::map<std::pair<TaskKind, std::vector<ElementId>>, ElementId> gates_;  ///< what it stands for, the gate
  TaskId end_gates_;
  bool has_bytes_ = false;
};

}  // namespace fugle::graph
