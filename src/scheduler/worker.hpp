// A worker's state machine: holds leases, starts what its resources allow, resolves the edges inside its leases itself,
// and reports in batches. Knows nothing of the graph beyond its leases, of retries or of policies: those are the
// head's.
//
// Followers. The way from the end of one attempt to the start of the next, through the executor and back, leaves a core
// idle. So while there is a backlog, each running attempt gets a follower that needs no more than it has: the executor
// starts it in that place at once. When places get free otherwise, followers are started there.
//
// The rule both sides keep without a message: when an attempt does not end OK, all elements of its lease that wait for
// it, directly or not, leave the lease.
//
// Parties (see Placed). What a party needs is taken before anything else starts here, in the order in which parties
// were granted: the head grants them in one order, so none waits here for what waits for it elsewhere.
//
// Reports. What somebody waits for is told at once, the rest when an interval is over; earlier when cores are idle and
// nothing waits here for them, since the head may have work. The head says what it can take; where attempts are long
// the interval is up to ten times that, but at most half an attempt: what a crash makes us repeat is then not more than
// what it interrupts anyway.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "scheduler/element_list.hpp"
#include "scheduler/engine.hpp"
#include "scheduler/outbox.hpp"
#include "topology/cpu_allocator.hpp"

namespace fugle::scheduler {

class Worker {
 public:
  Worker(WorkerOffer offer, Outbox& outbox, Executor& executor);

  void on_message(const Message& message);
  /// The head died: stop everything; is_done() once nothing runs.
  void on_head_lost();
  /// The executor broke: report what ended, hold nothing, say goodbye; is_done() then.
  void leave() { is_shutting_down_ = true; }
  /// Takes what the executor has, starts what fits, sends a report if one is due. Returns the next deadline.
  Time step(Time now);
  [[nodiscard]] bool is_done() const { return is_done_; }

 private:
  struct Held {
    LeasedElement leased;
    std::uint64_t grant = 0;  ///< number of the message that brought it: edges of a lease join elements of one message
    bool is_running = false;  ///< handed to the executor
    ElementId predecessor;    ///< waits in the executor for the place of this one; invalid: has its own
    ElementId follower;       ///< waits for this one's place
    std::uint32_t num_bypassed = 0;
    graph::Request granted{};
    std::uint32_t unfollowed_at = ElementList::kNowhere;  ///< place in unfollowed_
    topology::Holding holding{};                          ///< what is its own
    bool is_placed = false;                               ///< of a party: what it needs is taken
    std::shared_ptr<const graph::Task> scaled{};          ///< its task as this attempt has it; null: as it is
    std::string remark{};                                 ///< what it does not get
  };

  void accept(const Grant& grant);
  void give_back(const Revoke& revoke);
  void release(const Release& release);
  void start_party(const StartParty& start);
  void end_party(const EndParty& end);
  [[nodiscard]] bool take_places_of_parties();
  void carry_words();
  void hear(const PartyWord& word);
  void let_go(ElementId element);
  void drop_dependents(const Held& held);
  [[nodiscard]] Held* find_released(const Held& held, ElementId successor);
  void drop(ElementId element);
  void take_reports();
  void end(AttemptReport& attempt);
  void start_what_fits(Time now);
  void give_back_what_is_late(Time now);
  void start_followers(Time now);
  [[nodiscard]] bool can_follow_in_time(const Held& follower, const Held& running, Time now) const;
  [[nodiscard]] Held* find_place_for(const graph::Request& granted);
  [[nodiscard]] graph::Request request_of(const Held& held) const;
  [[nodiscard]] bool is_free(const graph::Request& granted) const;
  void promote_followers();
  void take(const graph::Request& granted);
  void give_up_place(Held& held);
  void offer_place(ElementId element);
  void close_place(ElementId element);
  void choose_place(Held& held);
  [[nodiscard]] topology::Level level_of(const graph::Task& task) const;
  [[nodiscard]] bool needs_place(const Held& held) const;
  [[nodiscard]] const std::shared_ptr<const graph::Task>& shared_task_of(const Held& held) const {
    return held.scaled != nullptr ? held.scaled : tasks_.at(held.leased.task.value());
  }
  [[nodiscard]] const graph::Task& task_of(const Held& held) const { return *shared_task_of(held); }
  void scale(Held& held) const;
  [[nodiscard]] Launch hand_over(Held& held);
  [[nodiscard]] Place place_of(const Held& held) const;
  [[nodiscard]] Duration report_interval() const;
  [[nodiscard]] Time next_heartbeat() const;
  [[nodiscard]] Time report_due_at() const;
  void send_report(Time now);

  WorkerOffer offer_;
  Outbox& outbox_;
  Executor& executor_;
  std::uint32_t free_cores_;
  std::uint64_t free_mem_;
  std::uint32_t free_gpus_;
  std::optional<topology::CpuAllocator> places_;  ///< none: nothing can be bound here
  std::unordered_map<std::uint32_t, std::shared_ptr<const graph::Task>> tasks_;
  std::unordered_map<ElementId, Held> held_;
  std::set<std::pair<std::uint32_t, ElementId>> queue_;  ///< (order, element) that wait for resources only
  std::deque<ElementId> parties_;                        ///< that wait for resources, before all of queue_
  std::vector<Placed> placed_;                           ///< to be said, after the ends of what made room
  std::uint64_t num_grants_ = 0;
  std::uint32_t num_running_ = 0;
  ElementList unfollowed_;         ///< have a place of their own that nobody waits for
  std::set<ElementId> followers_;  ///< wait for a place in the executor
  std::vector<AttemptReport> fresh_;
  std::vector<PartyWord> words_;
  std::vector<ValueWord> value_words_;
  Report report_;
  bool is_report_awaited_ = false;
  Time last_report_{};
  Duration report_interval_{0};  ///< as granted
  double mean_length_s_ = 0;     ///< of attempts that ended here, moving
  Time last_end_ = kNever;
  Time last_word_ = kNever;  ///< to the head, or the first step with something held; kNever: nothing is held
  std::string run_state_;    ///< of `finally`
  bool is_shutting_down_ = false;
  bool is_done_ = false;
  bool has_head_ = true;
};

}  // namespace fugle::scheduler
