// Who works and what runs where in the latest life of a run, folded from its events: the same facts that a live head
// shows its observers. Needs the graph to know how many cores an element takes.
#pragma once

#include <span>
#include <unordered_map>
#include <vector>

#include "graph/graph.hpp"
#include "scheduler/ports.hpp"

namespace fugle::report {

using scheduler::RunningAttempt;
using scheduler::WorkerInfo;

class WorkersTable {
 public:
  /// The graph must outlive the table.
  explicit WorkersTable(const graph::Graph& graph) : graph_(&graph) {}

  void add(const scheduler::Event& event);

  /// In the order in which they joined; lost ones stay, not alive.
  [[nodiscard]] std::span<const WorkerInfo> workers() const { return workers_; }
  /// Oldest first.
  [[nodiscard]] std::vector<RunningAttempt> running() const;
  /// nullptr: never heard of.
  [[nodiscard]] const WorkerInfo* find(WorkerId worker) const;

 private:
  void join(const scheduler::Event& event);
  void drain(const scheduler::Event& event);
  void start(const scheduler::Event& event);
  void end(const scheduler::Event& event);

  const graph::Graph* graph_;
  std::vector<WorkerInfo> workers_;
  std::unordered_map<WorkerId, std::size_t> position_of_;
  std::unordered_map<ElementId, RunningAttempt> running_;
};

}  // namespace fugle::report
