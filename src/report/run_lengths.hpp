// How long everything took, folded from the events of all lives of a run: what the measure of a run is made of.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "graph/graph.hpp"
#include "plan/lower_bound.hpp"
#include "plan/slot.hpp"
#include "scheduler/event.hpp"

namespace fugle::report {

class RunLengths {
 public:
  /// The graph must outlive it.
  explicit RunLengths(const graph::Graph& graph) : graph_(&graph), seconds_(graph.num_elements(), 0) {}

  void add(const scheduler::Event& event);

  /// [element] seconds of its attempt that ended OK; 0: there is none.
  [[nodiscard]] std::span<const float> seconds() const { return seconds_; }
  /// From the start to the last event of each life, added up.
  [[nodiscard]] double active_s() const { return earlier_lives_s_ + to_seconds(last_event_ - life_started_); }
  /// Core-seconds of all attempts, OK or not.
  [[nodiscard]] double busy_core_s() const { return busy_core_s_; }
  [[nodiscard]] std::uint64_t num_attempts() const { return num_attempts_; }
  /// The most that each worker offered in any life.
  [[nodiscard]] const std::vector<plan::Slot>& workers() const { return workers_; }
  [[nodiscard]] std::uint32_t num_cores() const;

 private:
  const graph::Graph* graph_;
  std::vector<float> seconds_;
  std::vector<plan::Slot> workers_;
  double earlier_lives_s_ = 0;
  Time life_started_{};
  Time last_event_{};
  double busy_core_s_ = 0;
  std::uint64_t num_attempts_ = 0;
};

/// How a run compares with the best that any schedule could have reached with these lengths on these workers.
struct RunMeasure {
  double makespan_s = 0;
  plan::LowerBound bound;
  std::vector<ElementId> critical_path;  ///< by the lengths that were measured
  double utilisation = 0;                ///< busy core-seconds of the core-seconds there were

  /// 1: nothing could have been faster. 0 when the bound says nothing.
  [[nodiscard]] double ratio() const { return bound.seconds > 0 ? makespan_s / bound.seconds : 0; }
};
/// O((V + E) log V): about two seconds for a million elements.
[[nodiscard]] RunMeasure measure(const graph::Graph& graph, const RunLengths& lengths);

}  // namespace fugle::report
