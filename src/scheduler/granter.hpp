// Gives leases: which READY elements go to which worker now, and what comes along.
//
// The best element that fits somewhere goes to the worker with most free cores. What can only run after it comes along:
// a chain of successors each of which needs nothing outside the lease. How many READY elements a worker holds beyond
// its cores depends on how short they are: enough to bridge the way of a message, none where they are long. An idle
// worker takes from the backlogs of others. A large element that is passed over too often gets a worker kept free for
// it.
#pragma once

#include <set>
#include <span>
#include <vector>

#include "scheduler/lease_book.hpp"
#include "scheduler/outbox.hpp"
#include "scheduler/ready_queue.hpp"

namespace fugle::scheduler {

class Granter {
 public:
  /// All of them outlive the granter. `order` [element]: smaller starts first.
  Granter(const RunState& run, std::span<const std::uint32_t> order, WorkerTable& workers, LeaseBook& leases,
          ReadyQueue& ready, Outbox& outbox);

  /// An attempt of the task ended OK after so long.
  void learn(TaskId task, Duration length);
  void grant_what_fits();
  void take_back_for_idle_workers();

 private:
  [[nodiscard]] std::uint32_t backlog_per_core(TaskId task) const;
  void grant_lease(WorkerId worker, ElementId first);
  [[nodiscard]] Grant& grant_of(WorkerId worker);
  void bring_task(WorkerId worker, TaskId task, Grant& grant);
  [[nodiscard]] LeasedElement leased(ElementId element) const;
  [[nodiscard]] bool may_follow(ElementId successor, ElementId last, const WorkerInfo& worker) const;

  const RunState& run_;
  const Graph& graph_;
  std::span<const std::uint32_t> order_;
  WorkerTable& workers_;
  LeaseBook& leases_;
  ReadyQueue& ready_;
  Outbox& outbox_;
  std::vector<std::uint32_t> first_of_name_;  ///< [task] first element of all tasks with its name
  struct Mean {
    double seconds = 0;
    std::uint32_t count = 0;
  };
  std::vector<Mean> lengths_;                       ///< [task] moving, of this life
  std::vector<std::pair<WorkerId, Grant>> grants_;  ///< of this step
};

}  // namespace fugle::scheduler
