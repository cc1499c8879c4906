// What tests see of a simulated run besides the events: every attempt as the world knows it, and checks that none
// starts before what it needs has completed and that no CPU is given twice. Does nothing when it is off.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "scheduler/run_state.hpp"
#include "sim/processes.hpp"

namespace fugle::sim {

class Watch {
 public:
  Watch(const graph::Graph& graph, const scheduler::RunState& run, bool is_on);

  /// An event of an earlier life.
  void remember(const scheduler::Event& event);
  /// Aborts when something it needs has neither completed nor failed in a way that counts as OK.
  void on_start(const SimAttempt& attempt);
  void on_end(const SimAttempt& attempt);
  /// Aborts when one of its CPUs is somebody else's. Of what follows in another's place nothing is known.
  void on_place(std::uint32_t rank, const scheduler::Launch& launch);
  void on_place_left(std::uint32_t rank, ElementId element);
  /// In order of their starts.
  [[nodiscard]] const std::vector<SimAttempt>& attempts() const { return attempts_; }

 private:
  /// The graph may have grown.
  void grow();
  /// Gates of other kinds than these decide themselves what is needed.
  void check_needs(ElementId e) const;

  const graph::Graph& graph_;
  const scheduler::RunState& run_;
  bool is_on_;
  std::vector<bool> has_completed_;     ///< [element]
  std::vector<std::size_t> latest_of_;  ///< [element] in attempts_
  std::vector<SimAttempt> attempts_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, ElementId> owner_;  ///< of a rank's CPU
};

}  // namespace fugle::sim
