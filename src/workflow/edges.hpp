// The edges between the elements of tasks: from `needs` with its conditions and `join`, from references, from handlers.
// Which answer goes on to whom is decided by the kind of the gate in between (scheduler/answers.hpp).
#pragma once

#include <map>
#include <optional>
#include <span>
#include <tuple>
#include <vector>

#include "graph/graph.hpp"
#include "workflow/compiled_task.hpp"

namespace fugle::workflow {

/// One answer that a task waits for.
struct NeedEntry {
  std::uint32_t task = 0;
  Need::Kind kind = Need::Kind::ok;
  bool uses = false;                  ///< an output of it
  std::optional<std::size_t> number;  ///< in `needs`; nullopt: from references alone
  std::uint8_t level = 0;             ///< as Need has it
};
[[nodiscard]] std::vector<NeedEntry> need_entries(const CompiledTask& task);
/// Of the gate that gives this answer.
[[nodiscard]] graph::TaskKind gate_kind(const NeedEntry& entry, const CompiledTask& above);
/// Whether an element that reads what one of the other task writes waits for it by that alone: not where `needs` or a
/// reference says so of all elements already.
[[nodiscard]] bool is_edge_by_file(const CompiledTask& writer, const CompiledTask& reader);

/// `elements[task]`: those of the graph, in order; of a task that is open the one that stands for them.
class EdgeMaker {
 public:
  EdgeMaker(const std::vector<CompiledTask>& tasks, const std::vector<std::vector<ElementId>>& elements,
            graph::GraphBuilder& builder)
      : tasks_(tasks), elements_(elements), builder_(builder) {}

  void add_edges_to(const CompiledTask& task);

 private:
  void add_level(const CompiledTask& task, const std::vector<NeedEntry>& entries);
  void add_all(const CompiledTask& task, const NeedEntry& entry);
  void add_each(const CompiledTask& task, const NeedEntry& entry);
  void add_join_any(const CompiledTask& task, const std::vector<NeedEntry>& entries);
  void add_handler_edges(const CompiledTask& task);
  void add_bytes(const CompiledTask& task, const NeedEntry& entry, double bytes);
  [[nodiscard]] std::vector<ElementId> from(const CompiledTask& task, const NeedEntry& entry);
  /// What stands for the whole answer.
  [[nodiscard]] ElementId source(const CompiledTask& task, const NeedEntry& entry);
  [[nodiscard]] ElementId source_of_element(const CompiledTask& task, const NeedEntry& entry, std::size_t element);
  /// What stands for the answer of all tasks of the files that a task uses, or of one of them. Invalid: there are none.
  [[nodiscard]] ElementId gate_over_group(std::uint32_t group, std::optional<std::uint32_t> element, Need::Kind kind);
  /// Also those of the files that these use.
  void add_members(const std::vector<std::uint32_t>& members, std::vector<std::uint32_t>& tasks) const;

  const std::vector<CompiledTask>& tasks_;
  const std::vector<std::vector<ElementId>>& elements_;
  graph::GraphBuilder& builder_;
  std::map<std::tuple<std::uint32_t, std::optional<std::uint32_t>, Need::Kind>, ElementId> gates_of_groups_;
};

}  // namespace fugle::workflow
