// The parts of attempts with several nodes that ranks host beside their leaders, as the executors see them: each holds
// its cores from host() until it has ended, because it was dismissed or stopped, because its rank or its spawner died,
// or by itself. And what leaders and members say to each other: a leader greets every member when it starts, and each
// answers. Knows nothing of how the leader's own process goes.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "scheduler/ports.hpp"
#include "sim/processes.hpp"

namespace fugle::sim {

class Parts {
 public:
  /// `goes_by_itself`: how the part goes that starts there now, where it does not wait until it is dismissed; may be
  /// empty. `ended` hears of each end; of what dies with its rank as lost.
  struct Hooks {
    std::function<std::optional<Outcome>(const SimAttempt&)> goes_by_itself;
    std::function<void(const SimAttempt&, scheduler::FailureClass)> ended;
  };
  Parts(std::uint32_t num_ranks, Hooks hooks) : hooks_(std::move(hooks)), ranks_(num_ranks) {}

  // What the Executor port of a rank does.
  void host(std::uint32_t rank, const scheduler::Launch& launch, bool is_broken, Time now);
  void dismiss(std::uint32_t rank, ElementId element, Time now);
  void stop(std::uint32_t rank, ElementId element, Time now);
  /// Aborts when a member hears of a party before it was told to host.
  void hear(std::uint32_t rank, const scheduler::PartyWord& word);
  void poll(std::uint32_t rank, Time now, std::vector<scheduler::AttemptReport>& reports);
  void poll_words(std::uint32_t rank, std::vector<scheduler::PartyWord>& words);
  /// The rank leads this one from now on.
  void greet(std::uint32_t rank, const scheduler::Launch& launch);

  [[nodiscard]] Time next_due(std::uint32_t rank, Time now) const;
  /// All that is hosted there dies now, unreported.
  void kill_all(std::uint32_t rank);
  /// The same, and it is reported as lost.
  void break_spawner(std::uint32_t rank, Time now);

  [[nodiscard]] const graph::Request& in_use(std::uint32_t rank) const { return ranks_[rank].in_use; }
  [[nodiscard]] std::uint64_t num_words_heard() const { return num_words_heard_; }
  /// Of those that have not ended: element, attempt.
  [[nodiscard]] std::vector<std::pair<ElementId, std::uint16_t>> live_on(std::uint32_t rank) const;

 private:
  struct Part {
    std::uint16_t attempt = 0;
    graph::Request granted{};
    Time start{};
    Time ends = kNever;
    scheduler::FailureClass cls = scheduler::FailureClass::none;
    std::int32_t exit = 0;
  };
  struct Rank {
    std::map<ElementId, Part> parts;
    std::set<std::pair<ElementId, std::uint16_t>> hosted;  ///< ever
    std::vector<scheduler::PartyWord> words;               ///< to be carried
    graph::Request in_use{0, 0, 0};
  };
  [[nodiscard]] static SimAttempt describe(std::uint32_t rank, ElementId element, const Part& part);
  void end_by(std::uint32_t rank, ElementId element, Time when, scheduler::FailureClass cls);

  Hooks hooks_;
  std::vector<Rank> ranks_;
  std::uint64_t num_words_heard_ = 0;
};

}  // namespace fugle::sim
