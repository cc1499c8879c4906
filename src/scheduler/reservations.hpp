// Workers kept free for what needs much: a class of READY elements that was passed over too often gets as many of them
// as its elements have nodes, and nothing new goes there but what does not delay its first element. That is EASY
// backfilling (Lifka 1995; Mu'alem and Feitelson 2001), with one reservation per class:
//
// - By the lengths expected of what is active on the kept workers there is a time at which the first element can begin,
//   and on each of them something is left beside it then, its spare.
// - What is expected to end by that time may start on a kept worker, and so may what fits into its spare.
// - What comes before the first element in order may, too: it is preferred, and the reservation is not against it.
//
// What has run longer than expected, or of which nobody knows how long it takes, may end at any moment. So a reserved
// element is delayed by no more than the expectations are wrong.
#pragma once

#include <map>
#include <vector>

#include "scheduler/attempt_lengths.hpp"
#include "scheduler/party_book.hpp"
#include "scheduler/ready_queue.hpp"
#include "scheduler/running_list.hpp"
#include "scheduler/worker_table.hpp"

namespace fugle::scheduler {

class Reservations {
 public:
  using Class = ReadyQueue::Class;

  /// All of them outlive it.
  Reservations(const RunState& run, WorkerTable& workers, ReadyQueue& ready, const AttemptLengths& lengths,
               const RunningList& running, const PartyBook& parties);

  /// Keeps workers free for its first element, which must be there until then, those soonest free first. Takes them
  /// from reservations of what comes later in order where there are not enough others. Nothing where it has enough
  /// already, or there are too few.
  void keep(Class& cls, Time until, Time now);
  /// Its workers are as all others again.
  void drop(Class& cls);
  /// For a moment, while its first element is looked at; then either restore() or drop().
  void lift(const Class& cls);
  void restore(const Class& cls);
  /// Of the workers kept for other classes those that the element may use, which are as all others until close().
  [[nodiscard]] std::vector<WorkerId> open_for(ElementId e, const Class& cls, Time now);
  void close(const std::vector<WorkerId>& opened);
  /// Something was granted, or time has passed.
  void forget_estimates() { estimates_.clear(); }

 private:
  /// When an element with that request can begin on the worker, and what is left beside it then.
  struct Room {
    Time begins{};
    plan::Slot spare{0, 0, 0};
  };
  struct Estimate {
    Time begins{};
    std::vector<plan::Slot> spare;  ///< parallel to Class::kept_free
  };
  struct Active {
    Time ends;
    plan::Slot taken;
  };

  [[nodiscard]] bool is_enough(const Class& cls, Time until) const;
  [[nodiscard]] std::vector<WorkerId> soonest(const Class& cls, Time until, Time now) const;
  void drop_those_after(Class& cls);
  [[nodiscard]] Room room_on(WorkerId worker, const graph::Request& request, Time now) const;
  [[nodiscard]] std::vector<Active> active_on(WorkerId worker, Time now) const;
  [[nodiscard]] Active expect(ElementId e, WorkerId worker, Time now) const;
  [[nodiscard]] const Estimate& estimate_for(const Class& cls, Time now);

  const RunState& run_;
  const Graph& graph_;
  WorkerTable& workers_;
  ReadyQueue& ready_;
  const AttemptLengths& lengths_;
  const RunningList& running_;
  const PartyBook& parties_;
  std::map<const Class*, Estimate> estimates_;  ///< of this moment
};

}  // namespace fugle::scheduler
