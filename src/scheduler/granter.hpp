// Gives leases: which READY elements go to which worker now, and what comes along. Follows the plan by the rules of
// plan/plan.hpp.
//
// What comes along: at home the whole lease of the plan, as far as nobody holds it, where elements are too many to come
// one by one; else a chain of successors each of which needs nothing outside the chain, as long as they are short. An
// idle worker takes from the backlogs of others. What needs much and is passed over too often, or by something of lower
// priority, gets workers kept free for it (see plan::Reservations). An element of several workers is granted alone, to
// a party (see Placed), and so is what holds tokens (plan/token_book.hpp), which waits for them here and never in a
// backlog. What cannot end before the allocation does is put aside.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scheduler/attempt_lengths.hpp"
#include "scheduler/decisions.hpp"
#include "scheduler/engine.hpp"
#include "scheduler/lease_book.hpp"
#include "scheduler/outbox.hpp"
#include "scheduler/party_book.hpp"
#include "scheduler/ready_queue.hpp"
#include "scheduler/reservation_site.hpp"
#include "scheduler/worker_chooser.hpp"

namespace fugle::scheduler {

class Granter {
 public:
  /// All of them outlive the granter.
  Granter(const RunState& run, const HeadOptions& options, WorkerTable& workers, LeaseBook& leases, ReadyQueue& ready,
          plan::TokenBook& tokens, const RunningList& running, PartyBook& parties, const Decisions& decisions,
          Outbox& outbox);

  /// An attempt ended OK after so long.
  void learn(ElementId element, WorkerId worker, Duration length);
  /// What uses the service goes near it.
  void note_ready(ElementId service, WorkerId worker) { chooser_.remember(service, worker); }
  /// A worker gave it back: from now on it goes alone, not with its lease, or it would go to and fro.
  void leave_lease(ElementId element) { is_stray_[element.value()] = true; }
  /// An attempt failed there, and perhaps not by its own fault: the next one goes to another node if it can.
  void avoid(ElementId element, WorkerId worker) { chooser_.avoid(element, worker); }
  /// From now on only elements of `finally` are to be granted, until `last_end`; `run_state` is told to them.
  void begin_finally(Time last_end, std::string run_state);
  /// Nothing else runs: what was to go to other nodes may go anywhere. False when there is nothing of that kind.
  bool forgive() { return chooser_.forgive(); }
  /// The workers hear of it with the next grants; what was put aside is looked at again.
  void set_last_end(Time last_end);
  /// There are more workers.
  void grow();
  /// There are more elements, and the plan has them.
  void grow_with_the_graph();
  /// Somebody came, or stays longer.
  void reconsider_what_was_put_aside();
  void grant_what_fits(Time now);
  void take_back_for_idle_workers(Time now);

  /// Before the end of our allocation, and of that of some worker that could run it.
  [[nodiscard]] bool ends_in_time(ElementId e, Time now) const;
  /// READY elements that are not started because they would run beyond the end of the allocation.
  [[nodiscard]] std::span<const ElementId> put_aside() const { return put_aside_; }
  /// Nothing starts that is expected to end after this.
  [[nodiscard]] Time last_end() const { return last_end_; }

 private:
  void find_first_elements(std::uint32_t first);
  [[nodiscard]] Time until(ElementId e, Time now) const;
  [[nodiscard]] float wanted_s(ElementId e) const;
  [[nodiscard]] bool may_take_tokens(ElementId e, Time now);
  [[nodiscard]] bool wants_tokens(ElementId e) const { return tokens_.set_of(e) != plan::TokenBook::kNothing; }
  void put_aside_what_is_late(ElementId e);
  void serve_home(WorkerId worker, Time now);
  void serve_all(Time now);
  [[nodiscard]] bool is_outranked(ElementId e, WorkerId worker);
  [[nodiscard]] std::vector<WorkerId> choose(ElementId e, Time now);

  void grant(WorkerId worker, ElementId first);
  void grant_party(const std::vector<WorkerId>& workers, ElementId e);
  void recall_what_fits_no_more(WorkerId worker);
  [[nodiscard]] std::vector<ElementId> members_for(WorkerId worker, ElementId first) const;
  [[nodiscard]] std::vector<ElementId> lease_of(WorkerId worker, ElementId first) const;
  [[nodiscard]] std::vector<ElementId> chain_of(WorkerId worker, ElementId first) const;
  [[nodiscard]] bool must_come_in_groups() const;
  [[nodiscard]] bool may_follow(ElementId successor, ElementId last, WorkerId worker) const;
  [[nodiscard]] bool may_come_along(ElementId e, WorkerId worker) const;
  [[nodiscard]] LeasedElement leased(ElementId element);
  [[nodiscard]] Grant& grant_for(WorkerId worker);
  void bring_task(WorkerId worker, TaskId task, Grant& grant);
  void send_grants(Time now);

  const RunState& run_;
  const Graph& graph_;
  const plan::Plan& plan_;
  const std::vector<bool>& left_out_;
  Time last_end_;
  Duration reserve_;
  std::string run_state_;  ///< of `finally`
  WorkerTable& workers_;
  LeaseBook& leases_;
  ReadyQueue& ready_;
  plan::TokenBook& tokens_;
  const Decisions& decisions_;
  Outbox& outbox_;
  std::map<std::string_view, std::uint32_t> first_by_name_;  ///< first element of all tasks of that name
  std::vector<std::uint32_t> first_of_name_;                 ///< [task] the same
  graph::Rows lease_members_;                                ///< [lease] elements, in order; empty without leases
  AttemptLengths lengths_;
  WorkerChooser chooser_;
  PartyBook& parties_;
  ReservationSite site_;
  plan::Reservations reservations_;
  std::vector<bool> is_stray_;  ///< [element] left its lease
  std::vector<ElementId> put_aside_;
  std::vector<std::pair<WorkerId, Grant>> grants_;  ///< of this step
  std::vector<WorkerId> crowded_;                   ///< got services in this step
  std::vector<std::uint32_t> grant_index_;          ///< [worker] in grants_, or none
};

}  // namespace fugle::scheduler
