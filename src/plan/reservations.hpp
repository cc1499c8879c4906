// Workers kept free for what needs much: a class of elements that wait is passed over by others; when that was too
// often, or by something of lower priority, it gets as many workers as run each of its elements, and nothing new goes
// there but what does not delay its first element. That is EASY backfilling (Lifka 1995; Mu'alem and Feitelson 2001),
// with one reservation per class:
//
// - By the lengths expected of what is active on the kept workers there is a time at which the first element can begin,
//   and on each of them something is left beside it then, its spare.
// - What is expected to end by that time may start on a kept worker, and so may what fits into its spare.
// - What comes before the first element in order may, too: it is preferred, and the reservation is not against it.
//
// What has run longer than expected, or of which nobody knows how long it takes, may end at any moment. So a reserved
// element is delayed by no more than the expectations are wrong.
//
// The granter of a run and predict() both place by these rules, each on the workers as it knows them (Site).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "plan/slot.hpp"
#include "plan/token_book.hpp"

namespace fugle::plan {

class Reservations {
 public:
  using Class = std::uint32_t;  ///< number of it

  static constexpr Duration kLongTime = std::chrono::hours(24 * 365 * 30);
  /// What runs on a worker, or is about to.
  struct Active {
    Time ends;  ///< as expected
    Slot taken;
  };

  /// The workers, and what waits for them.
  class Site {
   public:
    virtual ~Site() = default;
    /// Position in order of the first element that waits of the class; none: nothing waits.
    [[nodiscard]] virtual std::optional<std::uint32_t> first_of(Class cls) = 0;
    [[nodiscard]] virtual std::uint32_t total_cores() const = 0;
    [[nodiscard]] virtual Slot capacity(WorkerId worker) const = 0;
    [[nodiscard]] virtual std::uint32_t node_of(WorkerId worker) const = 0;
    [[nodiscard]] virtual std::uint32_t cores_in_use(WorkerId worker) const = 0;
    /// Of services nobody knows when they end: kLongTime from now.
    [[nodiscard]] virtual std::vector<Active> active_on(WorkerId worker, Time now) const = 0;
    /// Whether it could run what asks for that and go on until then, if nothing else ran there.
    [[nodiscard]] virtual bool is_able(WorkerId worker, const graph::Request& request, Time until) const = 0;
    /// Those that are able, beside the services that run there, and not kept free.
    [[nodiscard]] virtual std::vector<WorkerId> not_kept_free(const graph::Request& request, bool is_party,
                                                              Time until) const = 0;
    virtual void keep_free(WorkerId worker, bool is_kept) = 0;
  };

  /// What its elements ask for. A class of its own for each; one whose tokens are not free reserves nothing.
  struct Need {
    graph::Request request;
    graph::Spread spread{};
    TokenBook::Set tokens = TokenBook::kNothing;
    auto operator<=>(const Need&) const = default;
  };

  /// An element that is to be placed now.
  struct Candidate {
    Class cls = 0;
    std::uint32_t position = 0;
    std::int32_t priority = 0;
    Duration expected{0};  ///< 0: nobody knows
    Time until{};          ///< its worker must be there
  };

  /// The site outlives it.
  Reservations(std::vector<Need> needs, Site& site);

  /// There are more classes: the first are those that there were.
  void add_classes(const std::vector<Need>& all);
  /// From now on what waits is looked at in order, once.
  void begin_round();
  /// Something was placed, or time has passed.
  void forget_estimates() { estimates_.clear(); }

  /// Where the candidate goes: `choose(may_wait)` gives workers with room or none. Asked first with the workers kept
  /// free for its own class, then also with those of others that it does not delay; not to wait there for room.
  template <class Choose>
  [[nodiscard]] std::vector<WorkerId> choose(const Candidate& candidate, Time now, Choose choose) {
    if (entries_[candidate.cls].is_passed_over) return {};
    lift(candidate.cls);
    std::vector<WorkerId> workers = choose(true);
    if (!workers.empty() && is_outranked(candidate)) {
      restore(candidate.cls);
      keep_free_for_what_outranks(candidate, now);
      lift(candidate.cls);
      workers = choose(true);
    }
    if (workers.empty() && num_reserved_ > 0) {
      const std::vector<WorkerId> opened = open_for(candidate, now);
      if (!opened.empty()) workers = choose(false);
      close(opened);
    }
    if (workers.empty())
      pass_over(candidate, now);
    else
      note_placed(candidate.cls);
    return workers;
  }

  /// Nothing waits of it any more: its workers are as all others again.
  void drop(Class cls);
  [[nodiscard]] bool has_any() const { return num_reserved_ > 0; }
  /// When the first of a class is expected to begin on the workers kept free for it; nothing: there are none.
  [[nodiscard]] std::optional<Time> begins(Class cls, Time now) {
    return entries_[cls].kept_free.empty() ? std::nullopt : std::optional(estimate_for(cls, now).begins);
  }

 private:
  struct Entry {
    Need need;
    std::uint32_t bypassed = 0;       ///< how often something later in order was placed while its first did not fit
    std::vector<WorkerId> kept_free;  ///< for its first
    bool is_passed_over = false;      ///< in this round
  };
  /// When an element with that request can begin on the worker, and what is left beside it then.
  struct Room {
    Time begins{};
    Slot spare{0, 0, 0};
  };
  struct Estimate {
    Time begins{};
    std::vector<Slot> spare;  ///< parallel to Entry::kept_free
  };
  /// What did not fit in this round.
  struct PassedOver {
    Candidate candidate;
    bool is_kept_for = false;
  };

  void keep(Class cls, Time until, Time now);
  void lift(Class cls);
  void restore(Class cls);
  [[nodiscard]] std::vector<WorkerId> open_for(const Candidate& candidate, Time now);
  void close(const std::vector<WorkerId>& opened);
  void pass_over(const Candidate& candidate, Time now);
  void note_placed(Class cls);
  [[nodiscard]] bool is_outranked(const Candidate& candidate) const;
  void keep_free_for_what_outranks(const Candidate& candidate, Time now);
  [[nodiscard]] std::uint32_t most_bypassed(const Need& need) const;
  [[nodiscard]] bool is_enough(const Entry& entry, Time until) const;
  [[nodiscard]] std::vector<WorkerId> soonest(const Need& need, Time until, Time now) const;
  void drop_those_after(Class cls);
  [[nodiscard]] Room room_on(WorkerId worker, const graph::Request& request, Time now) const;
  [[nodiscard]] const Estimate& estimate_for(Class cls, Time now);

  Site& site_;
  std::vector<Entry> entries_;           ///< [class]
  std::uint32_t num_reserved_ = 0;       ///< classes with workers kept free
  std::vector<PassedOver> passed_over_;  ///< in this round
  std::map<Class, Estimate> estimates_;  ///< of this moment
};

}  // namespace fugle::plan
