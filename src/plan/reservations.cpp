#include "plan/reservations.hpp"

#include <algorithm>
#include <tuple>

#include "plan/party.hpp"

namespace fugle::plan {
namespace {

/// How often the first of a class may be passed over, per core, before a worker is kept free for it; and before
/// several are, or a whole one, which gets free by chance hardly ever.
constexpr std::uint32_t kMaxBypassedPerCore = 4;
constexpr std::uint32_t kMaxBypassedPerCoreOfLarge = 1;
/// An element may be expected to end so much later than it should, as a part of its length: nobody knows it better.
constexpr int kPrecision = 100;

bool fits(const Slot& part, const Slot& whole) {
  return part.cores <= whole.cores && part.mem_bytes <= whole.mem_bytes && part.gpus <= whole.gpus;
}

/// Down to nothing: what active elements want may be more than there is.
Slot without(const Slot& whole, const Slot& part) {
  return {whole.cores - std::min(whole.cores, part.cores), whole.mem_bytes - std::min(whole.mem_bytes, part.mem_bytes),
          whole.gpus - std::min(whole.gpus, part.gpus)};
}

}  // namespace

Reservations::Reservations(std::vector<Need> needs, Site& site) : site_(site) {
  for (Need& need : needs) entries_.push_back({std::move(need), 0, {}, false});
}

void Reservations::add_classes(const std::vector<Need>& all) {
  for (std::size_t cls = entries_.size(); cls < all.size(); ++cls) entries_.push_back({all[cls], 0, {}, false});
}

// ---- one round over what waits

void Reservations::begin_round() {
  forget_estimates();
  for (const PassedOver& other : passed_over_) entries_[other.candidate.cls].is_passed_over = false;
  passed_over_.clear();
  for (Class cls = 0; num_reserved_ > 0 && cls < entries_.size(); ++cls)
    if (!entries_[cls].kept_free.empty() && !site_.first_of(cls)) drop(cls);
}

void Reservations::pass_over(const Candidate& candidate, Time now) {
  restore(candidate.cls);
  const Entry& entry = entries_[candidate.cls];
  if (!entry.kept_free.empty() || entry.bypassed > most_bypassed(entry.need)) keep(candidate.cls, candidate.until, now);
  passed_over_.push_back({candidate, false});
  entries_[candidate.cls].is_passed_over = true;
}

void Reservations::note_placed(Class cls) {
  drop(cls);
  entries_[cls].bypassed = 0;
  for (const PassedOver& other : passed_over_) ++entries_[other.candidate.cls].bypassed;
  forget_estimates();
}

/// By something for which nothing has been kept in this round.
bool Reservations::is_outranked(const Candidate& candidate) const {
  return std::any_of(passed_over_.begin(), passed_over_.end(), [&](const PassedOver& other) {
    return !other.is_kept_for && other.candidate.priority > candidate.priority;
  });
}

/// What has a lower priority does not take what something of higher priority waits for.
void Reservations::keep_free_for_what_outranks(const Candidate& candidate, Time now) {
  for (PassedOver& other : passed_over_) {
    if (other.is_kept_for || other.candidate.priority <= candidate.priority) continue;
    keep(other.candidate.cls, other.candidate.until, now);
    other.is_kept_for = true;
  }
}

std::uint32_t Reservations::most_bypassed(const Need& need) const {
  const bool is_large = need.spread.workers > 1 || need.request.whole_node;
  return (is_large ? kMaxBypassedPerCoreOfLarge : kMaxBypassedPerCore) * site_.total_cores();
}

// ---- which workers are kept

bool Reservations::is_enough(const Entry& entry, Time until) const {
  return !entry.kept_free.empty() && std::all_of(entry.kept_free.begin(), entry.kept_free.end(), [&](WorkerId worker) {
    return site_.is_able(worker, entry.need.request, until);
  });
}

/// Those soonest free first. Takes them from reservations of what comes later in order where there are not enough
/// others. Nothing where it has enough already, or there are too few.
void Reservations::keep(Class cls, Time until, Time now) {
  Entry& entry = entries_[cls];
  if (is_enough(entry, until)) return;
  drop(cls);
  std::vector<WorkerId> workers = soonest(entry.need, until, now);
  if (workers.empty()) {
    drop_those_after(cls);
    workers = soonest(entry.need, until, now);
  }
  entry.kept_free = std::move(workers);
  num_reserved_ += entry.kept_free.empty() ? 0 : 1;
  restore(cls);
  forget_estimates();
}

void Reservations::drop(Class cls) {
  Entry& entry = entries_[cls];
  if (entry.kept_free.empty()) return;
  lift(cls);
  entry.kept_free.clear();
  --num_reserved_;
  estimates_.erase(cls);
}

void Reservations::drop_those_after(Class cls) {
  const auto first = site_.first_of(cls);
  for (Class other = 0; other < entries_.size(); ++other) {
    if (entries_[other].kept_free.empty()) continue;
    const auto theirs = site_.first_of(other);
    if (!theirs || !first || *theirs > *first) drop(other);
  }
}

/// For a moment, while its first element is looked at.
void Reservations::lift(Class cls) {
  for (const WorkerId worker : entries_[cls].kept_free) site_.keep_free(worker, false);
}

void Reservations::restore(Class cls) {
  for (const WorkerId worker : entries_[cls].kept_free) site_.keep_free(worker, true);
}

/// Empty where there are too few.
std::vector<WorkerId> Reservations::soonest(const Need& need, Time until, Time now) const {
  std::vector<std::tuple<Time, std::uint32_t, WorkerId>> candidates;  // when, cores in use, which
  for (const WorkerId worker : site_.not_kept_free(need.request, need.spread.workers > 1, until))
    candidates.emplace_back(room_on(worker, need.request, now).begins, site_.cores_in_use(worker), worker);
  std::sort(candidates.begin(), candidates.end());
  PartyPicker picker(need.spread, Gather::first);
  for (const auto& [when, in_use, worker] : candidates)
    if (!picker.offer(worker, site_.node_of(worker))) break;
  return picker.take();
}

// ---- what may go there nevertheless

Reservations::Room Reservations::room_on(WorkerId worker, const graph::Request& request, Time now) const {
  const Slot capacity = site_.capacity(worker);
  const Slot wanted = taken_on(capacity, request);
  std::vector<Active> active = site_.active_on(worker, now);
  std::sort(active.begin(), active.end(), [](const Active& a, const Active& b) { return a.ends < b.ends; });
  Slot taken{0, 0, 0};
  for (const Active& one : active) {
    taken.cores += one.taken.cores;
    taken.mem_bytes += one.taken.mem_bytes;
    taken.gpus += one.taken.gpus;
  }
  Time begins = now;
  for (const Active& one : active) {
    const bool is_of_this_moment = one.ends == begins && begins > now;
    if (!is_of_this_moment && fits(wanted, without(capacity, taken))) break;
    taken = without(taken, one.taken);
    begins = std::max(begins, one.ends);
  }
  return {begins, without(without(capacity, taken), wanted)};
}

const Reservations::Estimate& Reservations::estimate_for(Class cls, Time now) {
  const auto [place, is_new] = estimates_.try_emplace(cls);
  if (!is_new) return place->second;
  for (const WorkerId worker : entries_[cls].kept_free) {
    const Room room = room_on(worker, entries_[cls].need.request, now);
    place->second.begins = std::max(place->second.begins, room.begins);
    place->second.spare.push_back(room.spare);
  }
  return place->second;
}

/// Of the workers kept for other classes those that the candidate may use, which are as all others until close().
std::vector<WorkerId> Reservations::open_for(const Candidate& candidate, Time now) {
  std::vector<WorkerId> opened;
  const graph::Request& request = entries_[candidate.cls].need.request;
  const bool is_known = candidate.expected > Duration{0};
  for (Class other = 0; other < entries_.size(); ++other) {
    const Entry& entry = entries_[other];
    if (other == candidate.cls || entry.kept_free.empty()) continue;
    const auto first = site_.first_of(other);
    const bool is_preferred = !first || candidate.position < *first;
    const Estimate& estimate = estimate_for(other, now);
    const Duration at_least = candidate.expected - candidate.expected / kPrecision;
    const bool ends_before = is_known && now + at_least <= estimate.begins;
    for (std::size_t i = 0; i < entry.kept_free.size(); ++i) {
      const WorkerId worker = entry.kept_free[i];
      const Slot wanted = taken_on(site_.capacity(worker), request);
      if (is_preferred || ends_before || fits(wanted, estimate.spare[i])) opened.push_back(worker);
    }
  }
  for (const WorkerId worker : opened) site_.keep_free(worker, false);
  return opened;
}

void Reservations::close(const std::vector<WorkerId>& opened) {
  for (const WorkerId worker : opened) site_.keep_free(worker, true);
}

}  // namespace fugle::plan
