// Gives leases: which READY elements go to which worker now, and what comes along. Follows the plan by the rules of
// plan/plan.hpp.
//
// What comes along: at home the whole lease of the plan, as far as nobody holds it, where elements are too many to come
// one by one; else a chain of successors each of which needs nothing outside the chain, as long as they are short. How
// many READY elements a worker holds beyond its cores depends on how short they are: enough to bridge the way of a
// message, none where they are long. An idle worker takes from the backlogs of others. A large element that is passed
// over too often gets a worker kept free for it. What cannot end before the allocation does is put aside.
#pragma once

#include <span>
#include <vector>

#include "scheduler/engine.hpp"
#include "scheduler/lease_book.hpp"
#include "scheduler/outbox.hpp"
#include "scheduler/ready_queue.hpp"

namespace fugle::scheduler {

class Granter {
 public:
  /// All of them outlive the granter.
  Granter(const RunState& run, const HeadOptions& options, WorkerTable& workers, LeaseBook& leases, ReadyQueue& ready,
          Outbox& outbox);

  /// An attempt ended OK after so long.
  void learn(ElementId element, WorkerId worker, Duration length);
  /// A worker gave it back: from now on it goes alone, not with its lease, or it would go to and fro.
  void leave_lease(ElementId element) { is_stray_[element.value()] = true; }
  void grant_what_fits(Time now);
  void take_back_for_idle_workers();

  /// READY elements that are not started because they would run beyond the end of the allocation.
  [[nodiscard]] std::span<const ElementId> put_aside() const { return put_aside_; }
  /// Nothing starts that is expected to end after this.
  [[nodiscard]] Time last_end() const { return last_end_; }

 private:
  [[nodiscard]] double expected_s(ElementId e) const;
  [[nodiscard]] bool ends_in_time(ElementId e, Time now) const;
  void put_aside_what_is_late(ElementId e);
  void serve_home(WorkerId worker, Time now);
  void serve_all(Time now);
  [[nodiscard]] bool is_outranked(ElementId e, WorkerId worker);
  [[nodiscard]] std::optional<WorkerId> choose_worker(ElementId e);
  [[nodiscard]] std::optional<WorkerId> with_room_for(ElementId e);
  [[nodiscard]] std::optional<WorkerId> near_the_named_task(ElementId e) const;
  [[nodiscard]] std::optional<WorkerId> near_its_inputs(ElementId e) const;
  [[nodiscard]] std::optional<WorkerId> with_backlog_room(ElementId e) const;
  [[nodiscard]] std::uint32_t backlog_per_core(TaskId task) const;
  void keep_a_worker_free(ReadyQueue::Class& cls);
  void stop_keeping_free(ReadyQueue::Class& cls);

  void grant(WorkerId worker, ElementId first);
  [[nodiscard]] std::vector<ElementId> members_for(WorkerId worker, ElementId first) const;
  [[nodiscard]] std::vector<ElementId> lease_of(WorkerId worker, ElementId first) const;
  [[nodiscard]] std::vector<ElementId> chain_of(WorkerId worker, ElementId first) const;
  [[nodiscard]] bool must_come_in_groups() const;
  [[nodiscard]] double typical_s(ElementId e) const;
  [[nodiscard]] double mean_length_s() const;
  [[nodiscard]] bool may_follow(ElementId successor, ElementId last, WorkerId worker) const;
  [[nodiscard]] bool may_come_along(ElementId e, WorkerId worker) const;
  [[nodiscard]] LeasedElement leased(ElementId element);
  [[nodiscard]] Grant& grant_for(WorkerId worker);
  void bring_task(WorkerId worker, TaskId task, Grant& grant);
  void send_grants();
  [[nodiscard]] WorkerId home_of(ElementId e) const;

  const RunState& run_;
  const Graph& graph_;
  const plan::Plan& plan_;
  std::span<const float> given_s_;
  Time last_end_;
  WorkerTable& workers_;
  LeaseBook& leases_;
  ReadyQueue& ready_;
  Outbox& outbox_;
  std::vector<std::uint32_t> first_of_name_;  ///< [task] first element of all tasks with its name
  graph::Rows lease_members_;                 ///< [lease] elements, in order; empty without leases
  std::vector<TaskId> near_;                  ///< [task] the task that Task::near names; invalid: none
  std::vector<WorkerId> ran_on_;              ///< [element] where it ended OK in this life
  std::vector<WorkerId> last_worker_;         ///< [task] of its latest OK attempt
  struct Mean {
    double seconds = 0;
    std::uint32_t count = 0;
  };
  std::vector<Mean> lengths_;  ///< [task] moving, of this life
  Mean mean_of_all_;           ///< attempts, moving; seconds 0: nothing is known
  bool has_short_tasks_ = false;
  std::vector<bool> is_stray_;  ///< [element] left its lease
  std::vector<ElementId> put_aside_;
  std::vector<std::pair<WorkerId, Grant>> grants_;  ///< of this step
  std::vector<std::uint32_t> grant_index_;          ///< [worker] in grants_, or none
};

}  // namespace fugle::scheduler
