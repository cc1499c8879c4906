// The head's state machine: owns RunState, gives leases to workers, takes their reports, decides when the run is over.
//
// A step applies and records what came in, hands it to the store and the observers, and only then acts. Work per
// completion is O(out-degree) and O(log) of the queues; nothing scans all elements but the start of a life.
#pragma once

#include <map>
#include <queue>
#include <set>
#include <string>
#include <vector>

#include "scheduler/engine.hpp"
#include "scheduler/granter.hpp"
#include "scheduler/lease_book.hpp"
#include "scheduler/order_sharpener.hpp"
#include "scheduler/outbox.hpp"
#include "scheduler/ready_queue.hpp"
#include "scheduler/running_list.hpp"
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
  [[nodiscard]] int exit_code() const { return exit_code_; }
  void request_stop(Engine::StopKind kind, int exit_code, const std::string& why, Time now);
  void cancel_element(ElementId element, const std::string& who, Time now);

 private:
  // What came in.
  void begin_life(Time now);
  void record(Event event);
  void on_hello(WorkerId from, const Hello& hello, Time now);
  void on_report(WorkerId from, const Report& report, Time now);
  void on_attempt(WorkerId from, const AttemptReport& report);
  void on_returned(WorkerId from, ElementId element, Time now);
  void settle_effects();
  void settle_changes();
  void take_away(ElementId element);
  void flush_events(Time now);

  // What is done about it.
  void make_retries_due(Time now);
  void sharpen_order();
  void stop_at_the_end_of_the_allocation(Time now);
  void stop_what_runs();
  void end_when_over(Time now);
  [[nodiscard]] bool can_still_progress();
  [[nodiscard]] int decide_exit_code() const;
  [[nodiscard]] std::string describe_what_fits_nowhere();
  [[nodiscard]] std::string describe_what_is_late(Time now) const;
  void finish(Time now);
  [[nodiscard]] HeadView view(Time now);
  void notify(Time now);

  HeadOptions options_;
  RunState& run_;
  const Graph& graph_;
  Outbox& outbox_;
  WorkerTable workers_;
  ReadyQueue ready_;
  RunningList running_;
  LeaseBook leases_;
  Granter granter_;
  OrderSharpener sharpener_;
  using Retry = std::pair<Time, ElementId>;
  std::priority_queue<Retry, std::vector<Retry>, std::greater<>> retries_;
  std::map<ElementId, std::string> cancel_wanted_;  ///< by whom
  std::set<std::pair<ElementId, std::uint16_t>> stop_sent_;
  std::vector<WorkerInfo> infos_;  ///< for observers

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
  bool is_ending_ = false;  ///< Shutdown was sent
  bool is_done_ = false;
  int exit_code_ = 0;
  std::string end_reason_;
};

}  // namespace fugle::scheduler
