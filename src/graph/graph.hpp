// The DAG as data: tasks, their elements, and the edges between elements. Frozen once built.
//
// Compact on purpose: ids are dense, texts live in arenas, edges in compressed rows both ways, so that 1,000,000
// elements with 3,000,000 edges fit in 400 MB. Boost.Graph algorithms run over the same rows (see algorithms.hpp).
// Knows nothing of files, machines or of what has happened to an element.
//
// Gates: where m elements all need all of n elements, a gate stands between them (n + m edges instead of n x m).
// A gate is an element of a task of kind `gate`; it has no command, takes no time and is never shown to users.
// Where an element waits for something else than that others are OK (for their ends, for a failure, for their starts,
// for one of several), a gate of another kind stands between them: so an edge is always the same, and what it waits for
// is known from the elements alone.
//
// A graph may grow while its run goes on (see growth.hpp): columns become longer, and rows of old elements that gain
// successors or needs are kept apart from the others, so that growth costs what is new. The element of kind `expansion`
// is then a gate.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/ids.hpp"
#include "graph/element_text.hpp"
#include "graph/growth.hpp"
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

  /// What is wrong with a growth of this graph, in words; empty: nothing.
  [[nodiscard]] std::string find_flaw(ElementId expansion, const Growth& growth) const;
  /// `expansion`, of that kind, has become these elements. A growth that has no flaw. Tasks stay where they are in
  /// memory; views of texts, ids and rows do not.
  void grow(ElementId expansion, Growth growth);
  [[nodiscard]] bool has_grown() const { return !grown_.empty(); }
  /// Of kind expansion, and what it stands for is there.
  [[nodiscard]] bool has_grown(ElementId e) const { return grown_.contains(e.value()); }
  /// The same graph, in compressed rows throughout: for what looks at all of data(). O(all).
  [[nodiscard]] Graph compressed() const;

  [[nodiscard]] const RunLimits& limits() const { return data_.limits; }
  [[nodiscard]] std::uint32_t num_tasks() const {
    return static_cast<std::uint32_t>(data_.tasks.size() + new_tasks_.size());
  }
  /// Gates included: the length of every array indexed by element.
  [[nodiscard]] std::uint32_t num_elements() const { return static_cast<std::uint32_t>(data_.task_of.size()); }
  /// What a user counts: elements that are not gates.
  [[nodiscard]] std::uint32_t num_real_elements() const { return num_elements() - num_gates_; }
  [[nodiscard]] std::size_t num_edges() const { return data_.needs.columns.size() + num_closing_edges_; }

  [[nodiscard]] const Task& task(TaskId t) const {
    return t.value() < data_.tasks.size() ? data_.tasks[t.value()] : new_tasks_[t.value() - data_.tasks.size()];
  }
  [[nodiscard]] TaskId task_id_of(ElementId e) const { return TaskId(data_.task_of[e.value()]); }
  [[nodiscard]] const Task& task_of(ElementId e) const { return task(task_id_of(e)); }
  [[nodiscard]] bool is_gate(ElementId e) const {
    const TaskKind kind = task_of(e).kind;
    return graph::is_gate(kind) || (kind == TaskKind::expansion && has_grown(e));
  }
  /// A gate that is open once all before it have ended, whether or not they are OK.
  [[nodiscard]] bool is_end_gate(ElementId e) const { return task_of(e).kind == TaskKind::end_gate; }

  [[nodiscard]] std::string_view id(ElementId e) const { return data_.ids[e.value()]; }
  [[nodiscard]] std::string_view packed_text(ElementId e) const { return data_.texts[e.value()]; }
  [[nodiscard]] ElementText text(ElementId e) const { return unpack(task_of(e), packed_text(e)); }
  /// 0 when unknown.
  [[nodiscard]] Duration estimate(ElementId e) const;

  /// Dense numbers of elements (not ElementId, so that the rows can be used as they are).
  [[nodiscard]] std::span<const std::uint32_t> needs(ElementId e) const {
    return row(data_.needs, longer_needs_, e.value());
  }
  [[nodiscard]] std::span<const std::uint32_t> successors(ElementId e) const {
    return row(successors_, longer_successors_, e.value());
  }

  /// The elements (no gates) that must be OK before this one: gates replaced by what they stand for. Ascending.
  [[nodiscard]] std::vector<ElementId> real_needs(ElementId e) const;
  /// Linear in the number of elements: for commands typed by people. Also finds `id:` tags and unique "task" names.
  [[nodiscard]] ElementId find(std::string_view id) const;

  /// Of a graph that has not grown, or is compressed().
  [[nodiscard]] const GraphData& data() const { return data_; }
  [[nodiscard]] const Rows& successor_rows() const { return successors_; }
  /// Data on the edge from the i-th of its needs; 0: nobody knows, or none.
  [[nodiscard]] float need_bytes(ElementId e, std::size_t i) const;

 private:
  using LongerRows = std::unordered_map<std::uint32_t, std::vector<std::uint32_t>>;
  [[nodiscard]] static std::span<const std::uint32_t> row(const Rows& rows, const LongerRows& longer, std::uint32_t e) {
    if (longer.empty()) return rows[e];
    const auto found = longer.find(e);
    return found == longer.end() ? rows[e] : std::span<const std::uint32_t>(found->second);
  }
  void add_new_elements(Growth& growth, std::uint32_t first);
  void add_new_successors(const Growth& growth, std::uint32_t first);
  [[nodiscard]] static std::vector<std::uint32_t>& longer_row(LongerRows& longer, const Rows& rows, std::uint32_t e);
  void close(const Growth::Closing& closing, std::uint32_t first);

  GraphData data_;
  Rows successors_;
  std::uint32_t num_gates_ = 0;
  std::deque<Task> new_tasks_;               ///< numbered after those of data_
  std::unordered_set<std::uint32_t> grown_;  ///< expansions
  LongerRows longer_needs_;                  ///< [old gate] instead of its row
  LongerRows longer_successors_;             ///< [element] likewise
  std::size_t num_closing_edges_ = 0;
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
  void add_edges_after_end(std::span<const ElementId> from, std::span<const ElementId> to) {
    add_edges_through(TaskKind::end_gate, from, to);
  }
  /// Every element of `to` needs what a gate of that kind says of `from`: see TaskKind, and scheduler/answers.hpp.
  void add_edges_through(TaskKind kind, std::span<const ElementId> from, std::span<const ElementId> to);
  /// The gate of that kind that needs exactly these: the one that is there already, or a new one.
  ElementId gate_over(TaskKind kind, std::span<const ElementId> from);

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
  TaskId task_of_gates(TaskKind kind);

  GraphData data_;
  std::vector<Edge> edges_;
  std::map<std::pair<TaskKind, std::vector<ElementId>>, ElementId> gates_;  ///< what it stands for, the gate
  std::map<TaskKind, TaskId> gate_tasks_;  ///< of kinds of which there may be as many gates as elements
  bool has_bytes_ = false;
};

}  // namespace fugle::graph
