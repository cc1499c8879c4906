// Who holds which element. A held element is one granted to a worker and not yet ended or returned; see WorkerTable for
// what that takes of the worker.
#pragma once

#include <span>
#include <vector>

#include "scheduler/run_state.hpp"
#include "scheduler/worker_table.hpp"

namespace fugle::scheduler {

class LeaseBook {
 public:
  /// All of them outlive the book.
  LeaseBook(const RunState& run, std::span<const std::uint32_t> order, WorkerTable& workers);

  [[nodiscard]] bool is_held(ElementId e) const { return holder_[e.value()].is_valid(); }
  [[nodiscard]] WorkerId holder_of(ElementId e) const { return holder_[e.value()]; }

  void hold(WorkerId worker, ElementId element);
  /// A held element became READY: it takes cores now.
  void activate(ElementId element);
  /// It ended or came back. To be called before its state changes.
  void release(ElementId element);
  /// What waits for the element inside its lease leaves the lease. The worker's half of this rule is
  /// Worker::drop_dependents.
  void release_dependents(ElementId element);
  /// The worker died. Returns what it held.
  std::vector<ElementId> lose(WorkerId worker);

 private:
  const RunState& run_;
  const Graph& graph_;
  std::span<const std::uint32_t> order_;
  WorkerTable& workers_;
  std::vector<WorkerId> holder_;  ///< [element]
};

}  // namespace fugle::scheduler
