// How long attempts take: what the head was told before the run, sharpened by what has ended in this life.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/time.hpp"
#include "graph/graph.hpp"

namespace fugle::scheduler {

class AttemptLengths {
 public:
  /// `given_s` [element] seconds an attempt may take, 0: nobody knows; empty: of none. Both outlive it.
  AttemptLengths(const graph::Graph& graph, std::span<const float> given_s);

  /// The graph has grown. Of the new elements only their file says how long they take.
  void grow() { of_task_.resize(graph_.num_tasks()); }
  /// An attempt of the task ended OK.
  void learn(TaskId task, Duration length);

  /// For the end of the allocation, exactly as workers are told, so that both judge alike; 0 when nobody knows.
  [[nodiscard]] float expected_s(ElementId e) const;
  /// For choices: the mean of the task, else what was given, else the mean of all.
  [[nodiscard]] double typical_s(ElementId e) const;
  /// Of all attempts, moving.
  [[nodiscard]] double mean_s() const;
  /// Attempts so short that the way of a message would cost a noticeable part of them.
  [[nodiscard]] bool is_short(ElementId e) const;
  [[nodiscard]] bool has_seen_short_ones() const { return has_seen_short_ones_; }
  /// Cores of READY elements that a worker may hold beyond its own, per core: enough to bridge the way of a message.
  [[nodiscard]] std::uint32_t backlog_per_core(TaskId task) const;

 private:
  struct Mean {
    double seconds = 0;
    std::uint32_t count = 0;
    void add(double value, std::uint32_t most_counted);
  };

  [[nodiscard]] float given_s(ElementId e) const;

  const graph::Graph& graph_;
  std::span<const float> given_s_;
  std::vector<Mean> of_task_;  ///< moving, of this life
  Mean of_all_;                ///< seconds 0: nothing is known
  bool has_seen_short_ones_ = false;
};

}  // namespace fugle::scheduler
