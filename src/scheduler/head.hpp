// The head's state machine: owns RunState, gives leases to workers, takes their reports, decides when the run is over.
//
// A step applies and records what came in, hands it to the store and the observers, and only then acts. Work per
// completion is O(out-degree) and O(log) of the queues; nothing scans all elements but the start of a life.
#pragma once

#include <map>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "scheduler/decisions.hpp"
#include "scheduler/engine.hpp"
#include "scheduler/granter.hpp"
#include "scheduler/language.hpp"
#include "scheduler/lease_book.hpp"
#include "scheduler/node_health.hpp"
#include "scheduler/order_sharpener.hpp"
#include "scheduler/outbox.hpp"
#include "scheduler/party_book.hpp"
#include "scheduler/ready_queue.hpp"
#include "scheduler/running_list.hpp"
#include "scheduler/value_book.hpp"
#include "scheduler/worker_table.hpp"

namespace fugle::scheduler {

class Head {
 public:
  Head(HeadOptions options, Outbox& outbox, std::uint32_t num_ranks);

  void on_message(WorkerId from, const Message& message, Time now);
  void on_lost(WorkerId worker, Time now, const std::string& why = "died");
  [[nodiscard]] std::uint32_t num_workers() const { return workers_.num_alive(); }
  /// Returns the next deadline.
  Time step(Time now);
  [[nodiscard]] bool is_done() const { return is_done_; }
  [[nodiscard]] bool is_out_of_time() const { return was_stopped_by_end_ || !granter_.put_aside().empty(); }
  [[nodiscard]] std::vector<std::string> drained_nodes() const;
  [[nodiscard]] int exit_code() const { return exit_code_; }
  void request_stop(Engine::StopKind kind, int exit_code, const std::string& why, Time now);
  void set_end_of_allocation(Time end, Time now);
  void set_skip_finally(bool skips) { options_.skip_finally = skips; }
  void cancel_element(ElementId element, const std::string& who, Time now);
  void hold_element(ElementId element, const std::string& who, Time now);
  void release_element(ElementId element, const std::string& who, Time now);

 private:
  /// `finally`: everything else has ended or was stopped. `leaving`: Shutdown was sent.
  enum class Phase : std::uint8_t { main, finally, leaving };
  struct WantedStop {
    Engine::StopKind kind;
    std::string why;
  };

  // What came in (head.cpp).
  void begin_life(Time now);
  void record(Event event);
  void on_hello(WorkerId from, const Hello& hello, Time now);
  void on_report(WorkerId from, const Report& report, Time now);
  void on_tenure(WorkerId from, const Tenure& tenure, Time now);
  void on_attempt(WorkerId from, const AttemptReport& report);
  void note_start(WorkerId worker, ElementId e);
  void end_attempt(WorkerId worker, const AttemptReport& report, WorkerId blamed);
  void end_lost_attempt(const RunningAttempt& attempt, WorkerId lost, FailureClass cls, const std::string& why,
                        Time now);
  void on_returned(WorkerId from, ElementId element, Time now);
  void take_up_again(ElementId e, Time now);
  void queue(ElementId e);
  void settle_effects();
  void settle_changes();
  void take_away(ElementId element);

  // Attempts with several nodes (head_parties.cpp).
  void on_placed(WorkerId from, const Placed& placed);
  void on_word(const PartyWord& word);
  void start_gathered_parties(Time now);
  void start_party(Party& party);
  void disband(ElementId e, Time now);
  void disband_what_gathers_on(WorkerId worker, Time now);
  void on_part_ended(WorkerId from, const AttemptReport& report);
  void lose_part(ElementId e, WorkerId worker, Time now, const std::string& why);
  void settle_party(Party& party, Time now);
  void stop_calls(const Party& party);
  void end_party(ElementId e, Time now);
  void vacate(WorkerId worker, ElementId element);
  void use_cores(WorkerId worker, ElementId e, int sign);

  // Results of functions (head_values.cpp).
  void begin_values(Time now);
  void record_lost_value(ElementId e, Time now);
  void lose_value(ElementId e, Time now);
  void lose_values_of(WorkerId worker, Time now);
  void record_outputs(WorkerId from, const AttemptReport& report);
  void note_value(ElementId e, WorkerId worker);
  void forget_values(ElementId e);
  void on_value_word(WorkerId from, const ValueWord& word, Time now);
  void on_wanted(const ValueWord& wanted, Time now);

  // What is known only while the run goes on (head_language.cpp).
  void decide_what_is_ready(Time now);
  void decide(ElementId e, Time now);
  void expand(ElementId e, Time now);
  void decline(ElementId e, const Declined& declined, Time now);
  void grow();
  void add_priorities(std::uint32_t first);

  // What is done about it (head.cpp).
  void make_retries_due(Time now);
  void sharpen_order();
  void flush_events(Time now);
  [[nodiscard]] HeadView view(Time now);
  void notify(Time now);

  // What a failure means for the rest (head_failures.cpp).
  void note_failure(ElementId element);
  void want_stop(Engine::StopKind kind, std::string why);
  void note_health(ElementId element, WorkerId worker, FailureClass cls, Time now);
  void suspect(std::uint32_t node, Time now);
  void cancel_siblings(Time now);
  [[nodiscard]] const std::vector<ElementId>& elements_of(const std::string& task);

  // Workers of other allocations (head_guests.cpp).
  void make_room_for(WorkerId worker);
  void see_off(Time now);
  void ask_for_checkpoints_of(WorkerId worker, TaskId task);
  [[nodiscard]] Time next_departure() const;

  // Services (head_services.cpp).
  void on_ready(WorkerId from, const AttemptReport& report);
  [[nodiscard]] bool must_recall_users(ElementId service, Time now);
  [[nodiscard]] bool is_recalled(ElementId user) const;
  void note_answer(ElementId recalled);
  void go_on_with_closings();
  void judge_service(Event& ended);
  void stop_unneeded_services(Time now);
  [[nodiscard]] bool must_settle_services() const;
  [[nodiscard]] bool only_services_run() const;
  [[nodiscard]] bool must_end_services_first(Time now);

  // Stops and ends (head_ends.cpp).
  void stop_when_wanted(Time now);
  void stop_at_the_end_of_the_allocation(Time now);
  [[nodiscard]] Time last_end() const;
  void plan_checkpoints();
  void ask_for_checkpoints(Time now);
  void ask_for_checkpoint(const RunningAttempt& attempt);
  void stop_what_runs();
  [[nodiscard]] bool is_stopping_hard() const { return is_stopping_ && stop_kind_ == Engine::StopKind::stop; }
  void revoke_what_waits(WorkerId worker, Time now);
  [[nodiscard]] bool can_still_progress();
  void end_when_over(Time now);
  [[nodiscard]] bool may_begin_finally() const;
  void begin_finally(Time now);
  [[nodiscard]] const char* state_of_run() const;
  [[nodiscard]] int decide_exit_code() const;
  [[nodiscard]] std::uint64_t num_bad() const;
  [[nodiscard]] bool is_left_out(ElementId e) const {
    return !options_.left_out.empty() && options_.left_out[e.value()];
  }
  /// Of a life in which not everything is asked for: how what is asked for has ended.
  struct Asked {
    bool is_complete = true;
    bool has_bad = false;
    std::uint64_t num_left_out = 0;  ///< and not ended
  };
  [[nodiscard]] Asked look_at_what_was_asked() const;
  void say_what_is_left(Time now);
  void finish(Time now);

  HeadOptions options_;
  RunState& run_;
  const Graph& graph_;
  Outbox& outbox_;
  WorkerTable workers_;
  plan::TokenBook tokens_;
  ReadyQueue ready_;
  RunningList running_;
  LeaseBook leases_;
  PartyBook parties_;
  ValueBook values_;
  Decisions decisions_;
  Granter granter_;
  OrderSharpener sharpener_;
  using Retry = std::pair<Time, ElementId>;
  std::priority_queue<Retry, std::vector<Retry>, std::greater<>> retries_;
  NodeHealth health_;
  std::vector<ElementId> undecided_;                ///< READY, and the language is to be asked
  std::vector<ElementId> gathered_;                 ///< their parties have all places since the last step
  std::map<ElementId, std::string> cancel_wanted_;  ///< by whom
  std::map<ElementId, std::string> hold_wanted_;    ///< by whom, of elements that a worker is to give back
  std::vector<ElementId> left_with_wishes_;         ///< elements that left their leases with one of those
  std::optional<WantedStop> wanted_stop_;
  std::vector<TaskId> beyond_tolerance_;  ///< to be cancelled
  struct GivenUp {
    std::string who;                ///< is said to have cancelled the rest
    std::size_t num_cancelled = 0;  ///< of its elements; those that come later are cancelled too
  };
  std::map<std::string, GivenUp> given_up_;  ///< tasks of which one element failed that had `fail_fast`
  std::set<std::string> to_give_up_;         ///< of those: some may be left
  std::map<std::string, std::vector<ElementId>> elements_of_task_;  ///< by name
  std::uint32_t num_sorted_ = 0;                                    ///< of all elements, into those
  std::set<std::pair<ElementId, std::uint16_t>> stop_sent_;
  std::set<std::pair<ElementId, std::uint16_t>> signalled_;  ///< asked for a checkpoint
  std::set<std::pair<ElementId, std::uint16_t>> asked_;      ///< of those, for the end as it is known now
  std::vector<std::pair<Time, TaskId>> checkpoints_;         ///< when to ask whom, soonest last
  std::set<TaskId> is_asked_;                                ///< whoever starts now is asked too
  /// What is due because a guest's allocation ends: to ask its attempts of a task for checkpoints; no task: it leaves.
  using Departure = std::tuple<Time, WorkerId, TaskId>;
  std::set<Departure> departures_;
  std::set<std::pair<WorkerId, TaskId>> is_asked_there_;  ///< whoever starts there now is asked too
  /// A ready service whose attempt has ended: that is recorded once no held user of it can start any more. What
  /// end_attempt() or end_lost_attempt() was told.
  struct End {
    WorkerId from;
    AttemptReport report;
    WorkerId blamed;
  };
  struct Loss {
    RunningAttempt attempt;
    WorkerId lost;
    FailureClass cls;
    std::string why;
    Time now;
  };
  struct Closing {
    std::set<ElementId> awaited;  ///< users that were recalled from their workers
    std::optional<End> end;
    std::optional<Loss> loss;  ///< one of the two
  };
  std::map<ElementId, Closing> closings_;
  std::vector<ElementId> unneeded_;  ///< services to be stopped
  bool is_winding_down_ = false;     ///< nothing can start beside the services that run: they are ended
  std::vector<WorkerInfo> infos_;    ///< for observers

  std::vector<Event> batch_;
  Effects effects_;
  Effects batch_effects_;
  std::size_t num_settled_ = 0;           ///< of effects_.changed
  std::map<WorkerId, Release> releases_;  ///< of this step
  Time life_started_{};
  Time next_tick_{};
  bool has_begun_ = false;
  bool has_news_ = false;
  bool infos_are_old_ = true;
  Engine::StopKind stop_kind_ = Engine::StopKind::drain;
  bool is_stopping_ = false;
  Phase phase_ = Phase::main;
  bool has_fault_ = false;  ///< of the store, and acted upon
  bool is_stalled_ = false;
  bool was_stopped_by_end_ = false;  ///< of the allocation
  bool is_done_ = false;
  int exit_code_ = 0;
  std::string end_reason_;
};

}  // namespace fugle::scheduler
