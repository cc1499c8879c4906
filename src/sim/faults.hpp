// What may go wrong in a simulated run, drawn from a seed: which kinds of faults there are, how often, and when they
// stop. In the manner of FoundationDB and TigerBeetle: the same program, a hostile world, a seed that tells all.
//
// Swarm testing (Groce et al. 2012): each plan switches a random part of the kinds on. With all of them always on the
// common ones hide what a rare one alone would show: a run that is stopped early meets no black hole.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "sim/world.hpp"

namespace fugle::sim {

/// What may happen after any event of the heap.
enum class Fault : std::uint8_t {
  lose_worker,    ///< at any moment; its latest messages may be lost with it, and the notice may come late
  pause,          ///< a node swaps: its rank does nothing for a while, what it runs goes on
  break_spawner,  ///< all that a rank runs is lost; it goes on or leaves
  stop,           ///< SIGTERM, Ctrl-C: drain or stop, also twice
  cancel,         ///< of one element
  hold,
  release,
  fail_store,  ///< a commit fails: disk full, a failed sync
};
inline constexpr std::size_t kNumFaults = 8;
[[nodiscard]] const char* name_of(Fault fault);

/// What may be wrong with the node of a rank all the time.
struct BadNode {
  WorkerId worker;
  double chance = 0;                                             ///< that an attempt there fails
  scheduler::FailureClass cls = scheduler::FailureClass::error;  ///< `launch`: it does not even start
  Duration after = std::chrono::microseconds(100);               ///< it fails so soon
};

/// How the life of the head ends.
enum class HeadEnd : std::uint8_t {
  by_itself,
  crash,       ///< after `num_events`: the head dies, its workers notice
  superseded,  ///< after `num_events` another head has taken the run over, and this one goes on until it notices
};

struct FaultPlan {
  double chance = 0;                         ///< of some fault after an event
  std::array<double, kNumFaults> weights{};  ///< of the kinds among each other; 0: never
  std::uint64_t num_events = 0;              ///< after so many events nothing is done any more
  HeadEnd head_end = HeadEnd::by_itself;
  Latency latency;
  Duration commit_interval{0};
  Duration slow_commits{0};
  BadNode black_hole;  ///< every attempt there fails; worker invalid: there is none
  BadNode flaky;       ///< many attempts there fail

  /// For people who look at a seed: "lose_worker pause, crash after 211 events".
  [[nodiscard]] std::string describe() const;
};

[[nodiscard]] FaultPlan draw_faults(Random& random, std::uint32_t num_ranks);
/// Nothing goes wrong.
[[nodiscard]] FaultPlan no_faults();

/// What becomes of an attempt that would have gone as `outcome` says on a good node.
[[nodiscard]] Outcome on_node(const FaultPlan& plan, const SimAttempt& attempt, Outcome outcome, Random& random);

/// What was done, for people who look at a seed.
struct Injected {
  Time at;
  Fault fault;
  std::uint32_t subject;  ///< rank or element
};

/// Does to a world what the plan says.
class FaultInjector {
 public:
  /// Both outlive the injector.
  FaultInjector(World& world, const FaultPlan& plan, const graph::Graph& graph, std::uint64_t seed);

  /// To be called after each World::advance().
  void after_event();
  /// Nothing will be done any more. A head_end other than by_itself is the caller's to do then.
  [[nodiscard]] bool is_over() const { return num_events_ >= plan_.num_events; }
  [[nodiscard]] const std::vector<Injected>& injected() const { return injected_; }

 private:
  [[nodiscard]] Fault choose();
  void inject(Fault fault);
  void lose_worker(WorkerId worker);
  void stop();
  [[nodiscard]] WorkerId some_worker();
  [[nodiscard]] ElementId some_element();
  template <class Id>
  Id note(Fault fault, Id subject) {
    injected_.push_back({world_.now(), fault, subject.value()});
    return subject;
  }
  [[nodiscard]] Duration some_time(Duration most);

  World& world_;
  const FaultPlan& plan_;
  const graph::Graph& graph_;
  Random random_;
  std::uint64_t num_events_ = 0;
  std::vector<Injected> injected_;
};

}  // namespace fugle::sim
