// Who holds the tokens of pools (graph/pool_table.hpp), and who may have those that are free. The granter of a run and
// predict() both ask it, each time what waits is looked at in order (a round):
//
// - An element takes all tokens of its *set* at once, when it is placed, or none.
// - What finds too few passes, and blocks nobody but for tokens: of the pools that are short all that it wants is kept
//   for it against what comes later; of other pools too, once so many tokens of them were taken that they may never be
//   free together with what it lacks. Limits (max_parallel) are no reason for that: whoever is next gets the next.
// - What is expected to give them back before the one they are kept for can start may have them nevertheless (EASY, as
//   in plan/reservations.hpp). What runs longer than expected, or nobody knows how long, may end at any moment.
// - For what waits until services end nothing is kept: those may end only after the others.
//
// So the work of a round is by sets that wait, not by elements, and next to nothing for those whose pool is empty.
// Nobody holds some and waits for more: no deadlock.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "base/time.hpp"
#include "graph/pool_table.hpp"

namespace fugle::plan {

class TokenBook {
 public:
  /// Number of what an element takes together; tasks that take the same have one.
  using Set = std::uint32_t;
  static constexpr Set kNothing = 0;
  /// When a holder is expected to give its tokens back.
  using Ends = std::function<Time(ElementId)>;

  /// The graph outlives the book.
  explicit TokenBook(const graph::Graph& graph);
  void grow();

  [[nodiscard]] Set set_of(TaskId task) const { return set_of_task_[task.value()]; }
  [[nodiscard]] Set set_of(ElementId e) const { return set_of(graph_.task_id_of(e)); }
  /// False: it wants more than there are.
  [[nodiscard]] bool can_ever_start(TaskId task) const { return table_.can_ever_start(task); }
  [[nodiscard]] const graph::PoolTable& table() const { return table_; }

  void begin_round();
  /// It can not start in this round, and nothing would be kept for it: it need not be looked at.
  [[nodiscard]] bool must_wait(Set set);
  /// Whether all are free, whoever they are kept for.
  [[nodiscard]] bool are_free(Set set) const;
  /// Whether an element that is expected to take so long (0: nobody knows) may have them.
  [[nodiscard]] bool may_take(Set set, Duration expected, Time now, const Ends& ends);
  /// It may not.
  void pass_over(Set set);
  /// It may, but there is no room for it on workers: those are kept free for it, and it is to begin then (nothing:
  /// nobody knows).
  void keep_for(Set set, Time begins);
  void take(ElementId e);
  /// Nothing where it has none.
  void give_back(ElementId e);

  [[nodiscard]] bool is_holder(ElementId e) const { return !is_holder_.empty() && is_holder_[e.value()]; }
  [[nodiscard]] std::uint32_t num_held(std::uint32_t pool) const { return entries_[pool].held; }

 private:
  /// What is kept in a round.
  struct Kept {
    Set set = kNothing;
    std::uint32_t tokens = 0;
  };
  struct Entry {
    std::uint32_t tokens = 0;
    std::uint32_t held = 0;
    std::uint32_t held_by_services = 0;
    std::set<ElementId> holders;
    std::uint64_t taken = 0;        ///< ever
    std::vector<Kept> kept;         ///< in this round, first in order first
    std::uint64_t kept_tokens = 0;  ///< all of those
  };
  struct SetEntry {
    std::vector<graph::PoolShare> shares;
    bool is_waiting = false;           ///< an element was passed over since one of them started
    std::vector<std::uint64_t> since;  ///< [share] Entry::taken when that was
    bool has_passed = false;           ///< in this round, and something is kept
    std::optional<Time> begins;        ///< as expected in this round
  };

  [[nodiscard]] static std::uint32_t free_of(const Entry& entry) {
    return entry.tokens - std::min(entry.tokens, entry.held);
  }
  [[nodiscard]] bool is_short(const graph::PoolShare& share) const;
  [[nodiscard]] bool is_empty(const graph::PoolShare& share) const { return free_of(entries_[share.pool]) == 0; }
  [[nodiscard]] bool is_overdue(const SetEntry& set, std::size_t share) const;
  [[nodiscard]] bool has_overdue(const SetEntry& set) const;
  [[nodiscard]] bool lacks_of_named(const SetEntry& set) const;
  [[nodiscard]] bool fits_beside_services(const SetEntry& set) const;
  [[nodiscard]] Time begins(Set set, Time now, const Ends& ends);
  [[nodiscard]] Time free_at(const graph::PoolShare& share, Time now, const Ends& ends) const;
  [[nodiscard]] std::uint32_t tokens_of(ElementId e, std::uint32_t pool) const;
  void note_waiting(SetEntry& set);
  void keep(Set set, std::size_t share);

  const graph::Graph& graph_;
  graph::PoolTable table_;
  std::vector<Entry> entries_;  ///< [pool]
  std::vector<SetEntry> sets_;
  std::map<std::vector<graph::PoolShare>, Set> known_;
  std::vector<Set> set_of_task_;
  std::vector<Set> passed_;      ///< in this round
  std::vector<bool> is_holder_;  ///< [element]; empty where there are no pools
};

}  // namespace fugle::plan
