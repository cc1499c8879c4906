// One Executor made of several: commands go to one, functions that are called in this rank to another, isolated ones to
// a third. Knows the kinds of tasks and nothing else. Used by the thread of the Engine.
#pragma once

#include <unordered_map>
#include <vector>

#include "scheduler/ports.hpp"

namespace fugle::function {

/// The parts outlive this object.
struct Routes {
  scheduler::Executor& commands;
  scheduler::Executor& functions;
  scheduler::Executor& isolated;
};

class RoutingExecutor final : public scheduler::Executor {
 public:
  explicit RoutingExecutor(Routes routes) : routes_(routes) {}

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

 private:
  [[nodiscard]] scheduler::Executor& part_for(const graph::Task& task) const;
  /// Null: it does not run here.
  [[nodiscard]] scheduler::Executor* part_of(ElementId element) const;
  void start_waiting(ElementId predecessor);

  Routes routes_;
  std::unordered_map<ElementId, scheduler::Executor*> parts_;  ///< of what runs, or waits in a part
  struct Waiting {
    scheduler::Launch launch;
    ElementId predecessor;
  };
  std::unordered_map<ElementId, Waiting> waiting_;      ///< here, for the end of something in another part
  std::unordered_map<ElementId, ElementId> followers_;  ///< by predecessor: of those
  std::vector<scheduler::AttemptReport> reports_;       ///< of what was stopped while it waited here
};

}  // namespace fugle::function
