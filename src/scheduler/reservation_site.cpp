#include "scheduler/reservation_site.hpp"

#include <algorithm>

namespace fugle::scheduler {

using plan::Reservations;

std::vector<Reservations::Need> needs_of(const ReadyQueue& ready) {
  std::vector<Reservations::Need> needs;
  for (const ReadyQueue::Class& cls : ready.classes()) needs.push_back({cls.request, cls.spread, cls.tokens});
  return needs;
}

std::optional<std::uint32_t> ReservationSite::first_of(Class cls) {
  const ElementId first = ready_.first_of(ready_.classes()[cls]);
  return first.is_valid() ? std::optional(ready_.position_of(first)) : std::nullopt;
}

Reservations::Active ReservationSite::expect(ElementId e, WorkerId worker, Time now) const {
  return {expected_end(e, now), plan::taken_on(workers_.at(worker).capacity(), run_.graph().task_of(e).request)};
}

Time ReservationSite::expected_end(ElementId e, Time now) const {
  if (run_.services().is_service(e)) return now + Reservations::kLongTime;
  const float expected_s = lengths_.expected_s(e);
  const RunningAttempt* const attempt = running_.find(e);
  const Time since = attempt == nullptr ? now : attempt->start;
  return expected_s > 0 ? std::max(now, since + from_seconds(expected_s)) : now;
}

std::vector<Reservations::Active> ReservationSite::active_on(WorkerId worker, Time now) const {
  std::vector<Reservations::Active> active;
  for (const ElementId e : workers_.at(worker).held)
    if (run_.state(e) == State::ready || is_live(run_.state(e))) active.push_back(expect(e, worker, now));
  for (const ElementId e : parties_.with_part_on(worker))
    if (parties_.all().at(e).leader() != worker) active.push_back(expect(e, worker, now));
  return active;
}

}  // namespace fugle::scheduler
