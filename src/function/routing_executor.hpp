// One Executor made of several: commands go to one, functions that are called in this rank to another, isolated ones to
// a third. What a function takes and is not here is fetched before it is started. Knows the kinds of tasks and nothing
// else of them. Used by the thread of the Engine.
#pragma once

#include <unordered_map>
#include <vector>

#include "function/value_exchange.hpp"
#include "scheduler/ports.hpp"

namespace fugle::function {

/// The parts outlive this object. Two of them may be one.
struct Routes {
  scheduler::Executor& commands;
  scheduler::Executor& functions;
  scheduler::Executor& isolated;
};

class RoutingExecutor final : public scheduler::Executor {
 public:
  RoutingExecutor(Routes routes, ValueStore& values, WorkerId self)
      : routes_(routes), values_(values), exchange_(values, self) {}

  void start(const scheduler::Launch& launch) override;
  /// When the predecessor runs in another part, this waits here for its end.
  void start_after(const scheduler::Launch& launch, ElementId predecessor) override;
  void start_now(ElementId element) override;
  void stop(ElementId element, scheduler::StopReason reason) override;
  void signal(ElementId element, int signal) override;
  void poll(std::vector<scheduler::AttemptReport>& reports) override;
  void host(const scheduler::Launch& launch) override;
  void dismiss(ElementId element) override;
  void hear(const scheduler::PartyWord& word) override;
  void poll_words(std::vector<scheduler::PartyWord>& words) override;
  void hear_value(const scheduler::ValueWord& word) override;
  void poll_value_words(std::vector<scheduler::ValueWord>& words) override { exchange_.poll_words(words); }

 private:
  struct Waiting {
    scheduler::Launch launch;
    ElementId predecessor;  ///< invalid: it is to start at once
    bool is_host = false;
  };

  [[nodiscard]] scheduler::Executor& part_for(const graph::Task& task) const;
  /// Null: it does not run here.
  [[nodiscard]] scheduler::Executor* part_of(ElementId element) const;
  void begin(const Waiting& ready);
  void begin_after(const scheduler::Launch& launch, ElementId predecessor);
  void start_what_follows(ElementId predecessor);
  void report_unstarted(const scheduler::Launch& launch, graph::FailureClass cls, const char* reason);

  Routes routes_;
  ValueStore& values_;
  ValueExchange exchange_;
  std::unordered_map<ElementId, scheduler::Executor*> parts_;  ///< of what runs, or waits in a part
  std::unordered_map<ElementId, Waiting> fetching_;            ///< wait for results from elsewhere
  std::unordered_map<ElementId, Waiting> waiting_;             ///< for the end of something in another part
  std::unordered_map<ElementId, ElementId> followers_;         ///< by predecessor: of `waiting_`
  std::vector<scheduler::AttemptReport> reports_;              ///< of what never started
};

}  // namespace fugle::function
