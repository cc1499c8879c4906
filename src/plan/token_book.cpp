#include "plan/token_book.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"

namespace fugle::plan {
namespace {

/// How often all tokens of a pool may be taken before some are kept for what lacks those of another one.
constexpr std::uint64_t kMostTurns = 4;
/// An element may be expected to end so much later than it should, as a part of its length: nobody knows it better.
constexpr int kPrecision = 100;

}  // namespace

TokenBook::TokenBook(const graph::Graph& graph) : graph_(graph), table_(graph), sets_(1) {
  known_[{}] = kNothing;
  grow();
}

void TokenBook::grow() {
  table_.grow(graph_);
  for (std::size_t p = entries_.size(); p < table_.pools().size(); ++p)
    entries_.emplace_back().tokens = table_.pools()[p].tokens;
  for (auto t = static_cast<std::uint32_t>(set_of_task_.size()); t < graph_.num_tasks(); ++t) {
    const auto shares = table_.shares_of(TaskId(t));
    const auto [place, is_new] = known_.try_emplace({shares.begin(), shares.end()}, static_cast<Set>(sets_.size()));
    if (is_new) sets_.push_back({place->first, false, std::vector<std::uint64_t>(shares.size(), 0), false, {}});
    set_of_task_.push_back(place->second);
  }
  if (!entries_.empty()) is_holder_.resize(graph_.num_elements(), false);
}

void TokenBook::begin_round() {
  for (const Set set : passed_) {
    sets_[set].has_passed = false;
    sets_[set].begins.reset();
    for (const graph::PoolShare& share : sets_[set].shares) {
      entries_[share.pool].kept.clear();
      entries_[share.pool].kept_tokens = 0;
    }
  }
  passed_.clear();
}

bool TokenBook::is_short(const graph::PoolShare& share) const {
  const Entry& entry = entries_[share.pool];
  return share.tokens + entry.kept_tokens > free_of(entry);
}

bool TokenBook::is_overdue(const SetEntry& set, std::size_t share) const {
  const graph::Pool& pool = table_.pools()[set.shares[share].pool];
  return pool.is_named && entries_[set.shares[share].pool].taken - set.since[share] > kMostTurns * pool.tokens;
}

/// Of the pools that are not empty.
bool TokenBook::has_overdue(const SetEntry& set) const {
  for (std::size_t i = 0; i < set.shares.size(); ++i)
    if (!is_empty(set.shares[i]) && is_overdue(set, i)) return true;
  return false;
}

bool TokenBook::lacks_of_named(const SetEntry& set) const {
  return std::ranges::any_of(set.shares, [&](const graph::PoolShare& share) {
    return table_.pools()[share.pool].is_named && is_short(share);
  });
}

bool TokenBook::must_wait(Set set) {
  if (set == kNothing) return false;
  SetEntry& entry = sets_[set];
  if (std::ranges::none_of(entry.shares, [&](const graph::PoolShare& share) { return is_empty(share); })) return false;
  note_waiting(entry);
  return !has_overdue(entry) || !lacks_of_named(entry);
}

bool TokenBook::are_free(Set set) const {
  return std::ranges::all_of(
      sets_[set].shares, [&](const graph::PoolShare& share) { return share.tokens <= free_of(entries_[share.pool]); });
}

bool TokenBook::may_take(Set set, Duration expected, Time now, const Ends& ends) {
  if (set == kNothing) return true;
  if (!are_free(set)) return false;
  const Duration at_least = expected - expected / kPrecision;
  for (const graph::PoolShare& share : sets_[set].shares) {
    if (!is_short(share)) continue;
    std::uint64_t wanted = share.tokens;
    for (const Kept& kept : entries_[share.pool].kept) {
      const bool ends_before = expected > Duration{0} && now + at_least <= begins(kept.set, now, ends);
      wanted += ends_before ? 0 : kept.tokens;
    }
    if (wanted > free_of(entries_[share.pool])) return false;
  }
  return true;
}

bool TokenBook::fits_beside_services(const SetEntry& set) const {
  return std::ranges::all_of(set.shares, [&](const graph::PoolShare& share) {
    return share.tokens + entries_[share.pool].held_by_services <= entries_[share.pool].tokens;
  });
}

void TokenBook::note_waiting(SetEntry& set) {
  if (std::exchange(set.is_waiting, true)) return;
  for (std::size_t i = 0; i < set.shares.size(); ++i) set.since[i] = entries_[set.shares[i].pool].taken;
}

void TokenBook::keep(Set set, std::size_t share) {
  const graph::PoolShare& wanted = sets_[set].shares[share];
  entries_[wanted.pool].kept.push_back({set, wanted.tokens});
  entries_[wanted.pool].kept_tokens += wanted.tokens;
}

void TokenBook::pass_over(Set set) {
  SetEntry& entry = sets_[set];
  if (entry.has_passed || !fits_beside_services(entry) || must_wait(set)) return;
  note_waiting(entry);
  entry.has_passed = true;
  passed_.push_back(set);
  const bool may_age = lacks_of_named(entry);
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < entry.shares.size(); ++i)
    if (is_short(entry.shares[i]) || (may_age && is_overdue(entry, i))) kept.push_back(i);
  for (const std::size_t i : kept) keep(set, i);
}

void TokenBook::keep_for(Set set, Time begins) {
  SetEntry& entry = sets_[set];
  if (set == kNothing || entry.has_passed || !fits_beside_services(entry)) return;
  entry.has_passed = true;
  entry.begins = begins;
  passed_.push_back(set);
  for (std::size_t i = 0; i < entry.shares.size(); ++i) keep(set, i);
}

std::uint32_t TokenBook::tokens_of(ElementId e, std::uint32_t pool) const {
  for (const graph::PoolShare& share : table_.shares_of(graph_.task_id_of(e)))
    if (share.pool == pool) return share.tokens;
  return 0;
}

Time TokenBook::free_at(const graph::PoolShare& share, Time now, const Ends& ends) const {
  const Entry& entry = entries_[share.pool];
  std::uint64_t free = free_of(entry);
  if (free >= share.tokens) return now;
  std::vector<std::pair<Time, std::uint32_t>> coming;
  for (const ElementId e : entry.holders) coming.emplace_back(ends(e), tokens_of(e, share.pool));
  std::ranges::sort(coming);
  for (const auto& [when, tokens] : coming)
    if (free += tokens; free >= share.tokens) return std::max(now, when);
  return now;
}

/// Looked for only when somebody asks.
Time TokenBook::begins(Set set, Time now, const Ends& ends) {
  SetEntry& entry = sets_[set];
  if (entry.begins) return *entry.begins;
  Time when = now;
  for (const graph::PoolShare& share : entry.shares) when = std::max(when, free_at(share, now, ends));
  entry.begins = when;
  return when;
}

void TokenBook::take(ElementId e) {
  const Set set = set_of(e);
  if (set == kNothing) return;
  FUGLE_EXPECT(!is_holder_[e.value()] && are_free(set));
  is_holder_[e.value()] = true;
  const bool is_service = graph_.task_of(e).service.is_given;
  SetEntry& taken = sets_[set];
  taken.is_waiting = false;
  for (const graph::PoolShare& share : taken.shares) {
    Entry& entry = entries_[share.pool];
    entry.held += share.tokens;
    entry.held_by_services += is_service ? share.tokens : 0;
    entry.holders.insert(e);
    entry.taken += share.tokens;
  }
}

void TokenBook::give_back(ElementId e) {
  if (!is_holder(e)) return;
  is_holder_[e.value()] = false;
  const bool is_service = graph_.task_of(e).service.is_given;
  for (const graph::PoolShare& share : sets_[set_of(e)].shares) {
    Entry& entry = entries_[share.pool];
    entry.held -= share.tokens;
    entry.held_by_services -= is_service ? share.tokens : 0;
    entry.holders.erase(e);
  }
}

}  // namespace fugle::plan
