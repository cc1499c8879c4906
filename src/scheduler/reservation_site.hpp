// What reservations (plan/reservations.hpp) are to know of a run: its workers, what is active there and what waits.
#pragma once

#include <optional>
#include <vector>

#include "plan/reservations.hpp"
#include "scheduler/attempt_lengths.hpp"
#include "scheduler/party_book.hpp"
#include "scheduler/ready_queue.hpp"
#include "scheduler/running_list.hpp"
#include "scheduler/worker_table.hpp"

namespace fugle::scheduler {

/// Classes of the queue have the same numbers here.
[[nodiscard]] std::vector<plan::Reservations::Need> needs_of(const ReadyQueue& ready);

class ReservationSite final : public plan::Reservations::Site {
 public:
  using Class = plan::Reservations::Class;

  /// All of them outlive it.
  ReservationSite(const RunState& run, WorkerTable& workers, ReadyQueue& ready, const AttemptLengths& lengths,
                  const RunningList& running, const PartyBook& parties)
      : run_(run), workers_(workers), ready_(ready), lengths_(lengths), running_(running), parties_(parties) {}

  /// Of what is held: now, where nobody knows better.
  [[nodiscard]] Time expected_end(ElementId e, Time now) const;
  [[nodiscard]] std::optional<std::uint32_t> first_of(Class cls) override;
  [[nodiscard]] std::uint32_t total_cores() const override { return workers_.total_cores(); }
  [[nodiscard]] plan::Slot capacity(WorkerId worker) const override { return workers_.at(worker).capacity(); }
  [[nodiscard]] std::uint32_t node_of(WorkerId worker) const override { return workers_.at(worker).node; }
  [[nodiscard]] std::uint32_t cores_in_use(WorkerId worker) const override { return workers_.at(worker).active.cores; }
  [[nodiscard]] std::vector<plan::Reservations::Active> active_on(WorkerId worker, Time now) const override;
  [[nodiscard]] bool is_able(WorkerId worker, const graph::Request& request, Time until) const override {
    return workers_.is_able(worker, request, until);
  }
  [[nodiscard]] std::vector<WorkerId> not_kept_free(const graph::Request& request, bool is_party,
                                                    Time until) const override {
    return workers_.not_kept_free(request, is_party, until);
  }
  void keep_free(WorkerId worker, bool is_kept) override { workers_.keep_free(worker, is_kept); }

 private:
  [[nodiscard]] plan::Reservations::Active expect(ElementId e, WorkerId worker, Time now) const;

  const RunState& run_;
  WorkerTable& workers_;
  ReadyQueue& ready_;
  const AttemptLengths& lengths_;
  const RunningList& running_;
  const PartyBook& parties_;
};

}  // namespace fugle::scheduler
