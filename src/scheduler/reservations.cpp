#include "scheduler/reservations.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace fugle::scheduler {
namespace {

/// Of services: nobody knows when they end.
constexpr float kLongTime_s = 1e9F;

bool fits(const plan::Slot& part, const plan::Slot& whole) {
  return part.cores <= whole.cores && part.mem_bytes <= whole.mem_bytes && part.gpus <= whole.gpus;
}

/// Down to nothing: what active elements want may be more than there is.
plan::Slot without(const plan::Slot& whole, const plan::Slot& part) {
  return {whole.cores - std::min(whole.cores, part.cores), whole.mem_bytes - std::min(whole.mem_bytes, part.mem_bytes),
          whole.gpus - std::min(whole.gpus, part.gpus)};
}

}  // namespace

Reservations::Reservations(const RunState& run, WorkerTable& workers, ReadyQueue& ready, const AttemptLengths& lengths,
                           const RunningList& running, const PartyBook& parties)
    : run_(run),
      graph_(run.graph()),
      workers_(workers),
      ready_(ready),
      lengths_(lengths),
      running_(running),
      parties_(parties) {}

bool Reservations::is_enough(const Class& cls, Time until) const {
  return !cls.kept_free.empty() && std::all_of(cls.kept_free.begin(), cls.kept_free.end(), [&](WorkerId worker) {
    return workers_.is_able(worker, cls.request, until);
  });
}

void Reservations::keep(Class& cls, Time until, Time now) {
  if (is_enough(cls, until)) return;
  drop(cls);
  std::vector<WorkerId> workers = soonest(cls, until, now);
  if (workers.empty()) {
    drop_those_after(cls);
    workers = soonest(cls, until, now);
  }
  cls.kept_free = std::move(workers);
  restore(cls);
  forget_estimates();
}

void Reservations::drop(Class& cls) {
  lift(cls);
  cls.kept_free.clear();
  estimates_.erase(&cls);
}

void Reservations::drop_those_after(Class& cls) {
  const ElementId first = ready_.first_of(cls);
  for (Class& other : ready_.classes()) {
    if (other.kept_free.empty()) continue;
    const ElementId theirs = ready_.first_of(other);
    if (!theirs.is_valid() || ready_.position_of(theirs) > ready_.position_of(first)) drop(other);
  }
}

void Reservations::lift(const Class& cls) {
  for (const WorkerId worker : cls.kept_free) workers_.keep_free(worker, false);
}

void Reservations::restore(const Class& cls) {
  for (const WorkerId worker : cls.kept_free) workers_.keep_free(worker, true);
}

/// One on each node; empty where there are too few.
std::vector<WorkerId> Reservations::soonest(const Class& cls, Time until, Time now) const {
  using Candidate = std::tuple<Time, std::uint32_t, WorkerId>;  // when, cores in use, which
  std::vector<Candidate> candidates;
  for (const WorkerId worker : workers_.not_kept_free(cls.request, cls.num_nodes, until))
    candidates.emplace_back(room_on(worker, cls.request, now).begins, workers_.at(worker).active.cores, worker);
  std::sort(candidates.begin(), candidates.end());
  std::vector<WorkerId> workers;
  std::vector<std::uint32_t> nodes;
  for (const auto& [when, in_use, worker] : candidates) {
    const std::uint32_t node = workers_.at(worker).node;
    if (workers.size() == cls.num_nodes) break;
    if (std::find(nodes.begin(), nodes.end(), node) != nodes.end()) continue;
    nodes.push_back(node);
    workers.push_back(worker);
  }
  return workers.size() == cls.num_nodes ? workers : std::vector<WorkerId>();
}

Reservations::Active Reservations::expect(ElementId e, WorkerId worker, Time now) const {
  const float expected_s = run_.services().is_service(e) ? kLongTime_s : lengths_.expected_s(e);
  const RunningAttempt* const attempt = running_.find(e);
  const Time since = attempt == nullptr ? now : attempt->start;
  const Time ends = expected_s > 0 ? std::max(now, since + from_seconds(expected_s)) : now;
  return {ends, plan::taken_on(workers_.at(worker).capacity(), graph_.task_of(e).request)};
}

std::vector<Reservations::Active> Reservations::active_on(WorkerId worker, Time now) const {
  std::vector<Active> active;
  for (const ElementId e : workers_.at(worker).held)
    if (run_.state(e) == State::ready || is_live(run_.state(e))) active.push_back(expect(e, worker, now));
  for (const ElementId e : parties_.with_part_on(worker))
    if (parties_.all().at(e).leader() != worker) active.push_back(expect(e, worker, now));
  std::stable_sort(active.begin(), active.end(), [](const Active& a, const Active& b) { return a.ends < b.ends; });
  return active;
}

Reservations::Room Reservations::room_on(WorkerId worker, const graph::Request& request, Time now) const {
  const plan::Slot capacity = workers_.at(worker).capacity();
  const plan::Slot wanted = plan::taken_on(capacity, request);
  plan::Slot taken{0, 0, 0};
  const std::vector<Active> active = active_on(worker, now);
  for (const Active& one : active) {
    taken.cores += one.taken.cores;
    taken.mem_bytes += one.taken.mem_bytes;
    taken.gpus += one.taken.gpus;
  }
  Time begins = now;
  for (const Active& one : active) {
    if (fits(wanted, without(capacity, taken))) break;
    taken = without(taken, one.taken);
    begins = one.ends;
  }
  return {begins, without(without(capacity, taken), wanted)};
}

const Reservations::Estimate& Reservations::estimate_for(const Class& cls, Time now) {
  const auto [place, is_new] = estimates_.try_emplace(&cls);
  if (!is_new) return place->second;
  for (const WorkerId worker : cls.kept_free) {
    const Room room = room_on(worker, cls.request, now);
    place->second.begins = std::max(place->second.begins, room.begins);
    place->second.spare.push_back(room.spare);
  }
  return place->second;
}

std::vector<WorkerId> Reservations::open_for(ElementId e, const Class& cls, Time now) {
  std::vector<WorkerId> opened;
  const float expected_s = lengths_.expected_s(e);
  for (Class& other : ready_.classes()) {
    if (&other == &cls || other.kept_free.empty()) continue;
    const ElementId first = ready_.first_of(other);
    const bool is_preferred = !first.is_valid() || ready_.position_of(e) < ready_.position_of(first);
    const Estimate& estimate = estimate_for(other, now);
    const bool ends_before = expected_s > 0 && now + from_seconds(expected_s) <= estimate.begins;
    for (std::size_t i = 0; i < other.kept_free.size(); ++i) {
      const WorkerId worker = other.kept_free[i];
      const plan::Slot wanted = plan::taken_on(workers_.at(worker).capacity(), cls.request);
      if (is_preferred || ends_before || fits(wanted, estimate.spare[i])) opened.push_back(worker);
    }
  }
  for (const WorkerId worker : opened) workers_.keep_free(worker, false);
  return opened;
}

void Reservations::close(const std::vector<WorkerId>& opened) {
  for (const WorkerId worker : opened) workers_.keep_free(worker, true);
}

}  // namespace fugle::scheduler
