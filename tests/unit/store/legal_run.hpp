// Events as a run of a graph really has them, over several lives, written to a journal: for tests that replay what is
// left of it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "graph_support.hpp"
#include "scheduler/run_state.hpp"
#include "store_support.hpp"

namespace fugle::store::testing {

/// Does not sync: for tests in which nothing loses its power.
class HastyDisk final : public Disk {
 public:
  int fsync(int) override { return 0; }
  int fdatasync(int) override { return 0; }
};

/// Plays a run of `graph` at random: starts, ends, failures, retries, lives that are cut off.
class LegalRun {
 public:
  static constexpr std::uint64_t kSeed = 1;

  LegalRun(const graph::Graph& graph, std::uint64_t seed) : state_(graph, kSeed), random_(seed) {}

  /// Begins a life and lets up to so many events happen; those of this life.
  std::vector<scheduler::Event> live(std::size_t num_events) {
    life_.clear();
    running_.clear();
    scheduler::Event begin;
    begin.kind = scheduler::EventKind::run_started;
    begin.exit = static_cast<int>(state_.num_lives());
    begin.text = "host 1 me";
    happen(begin);
    scheduler::Event join;
    join.kind = scheduler::EventKind::worker_joined;
    join.worker = WorkerId(1);
    join.text = "node-1";
    happen(join);
    collect_ready();
    while (life_.size() < num_events && (!ready_.empty() || !running_.empty())) step();
    return life_;
  }

 private:
  void happen(scheduler::Event event) {
    event.start = from_ns(static_cast<std::int64_t>(++now_));
    effects_.clear();
    apply(state_, event, effects_);
    life_.push_back(std::move(event));
    for (const ElementId e : effects_.ready) ready_.push_back(e);
    for (const ElementId e : effects_.retry_wait) ready_.push_back(e);
  }

  void collect_ready() {
    ready_.clear();
    for (std::uint32_t i = 0; i < state_.graph().num_elements(); ++i) {
      const auto s = state_.state(ElementId(i));
      if (s == scheduler::State::ready || s == scheduler::State::retry_wait) ready_.push_back(ElementId(i));
    }
  }

  ElementId take(std::vector<ElementId>& from) {
    std::swap(from[random_.below(from.size())], from.back());
    const ElementId taken = from.back();
    from.pop_back();
    return taken;
  }

  void step() {
    const bool starts = !ready_.empty() && (running_.empty() || random_.chance(0.5));
    if (starts) {
      const ElementId e = take(ready_);
      running_.push_back(e);
      happen({.kind = scheduler::EventKind::attempt_started,
              .attempt = static_cast<std::uint16_t>(state_.attempt(e) + 1),
              .element = e,
              .worker = WorkerId(1),
              .text = {}});
      return;
    }
    const ElementId e = take(running_);
    scheduler::Event end{.kind = scheduler::EventKind::attempt_ended,
                         .attempt = state_.attempt(e),
                         .element = e,
                         .worker = WorkerId(1),
                         .text = {}};
    if (random_.chance(0.05)) {
      end.cls = scheduler::FailureClass::lost;
      end.text = "worker 1 was lost while element " + std::to_string(e.value()) + " ran";
    }
    happen(std::move(end));
  }

  scheduler::RunState state_;
  Random random_;
  std::vector<scheduler::Event> life_;
  std::vector<ElementId> ready_;
  std::vector<ElementId> running_;
  scheduler::Effects effects_;
  std::uint64_t now_ = 0;
};

/// Writes lives of so many events each into `run_dir`; all events.
inline std::vector<scheduler::Event> write_lives(const std::string& run_dir, const graph::Graph& graph,
                                                 const std::vector<std::size_t>& lives, std::uint32_t capacity,
                                                 Disk& disk) {
  LegalRun run(graph, 5);
  std::vector<scheduler::Event> all;
  JournalOptions options;
  options.commit_interval = Duration{0};
  options.capacity = capacity;
  options.disk = &disk;
  for (const std::size_t num_events : lives) {
    FileStore store(run_dir, read_journal(run_dir), options);
    const auto events = run.live(num_events);
    for (std::size_t i = 0; i < events.size(); i += 8) {
      store.append(std::span(events).subspan(i, std::min<std::size_t>(8, events.size() - i)));
      store.flush();
    }
    all.insert(all.end(), events.begin(), events.end());
  }
  return all;
}

/// `part` is `whole` with some events left out.
inline bool is_subsequence(const std::vector<scheduler::Event>& part, const std::vector<scheduler::Event>& whole) {
  auto at = whole.begin();
  for (const scheduler::Event& event : part) {
    at = std::find(at, whole.end(), event);
    if (at == whole.end()) return false;
    ++at;
  }
  return true;
}

/// Aborts when an event makes no sense.
inline scheduler::RunState replay(const graph::Graph& graph, const std::vector<scheduler::Event>& events) {
  scheduler::RunState state(graph, LegalRun::kSeed);
  scheduler::Effects effects;
  for (const scheduler::Event& event : events) apply(state, event, effects);
  state.check_invariants();
  return state;
}

}  // namespace fugle::store::testing
