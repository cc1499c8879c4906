// The order of preference gets better while the run goes on: where nobody knew how long elements take, the mean of
// their task so far is used as soon as there is one. Each new order costs a look at the whole graph, so it is made when
// four times as many attempts have ended as at the one before.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "graph/graph.hpp"
#include "plan/plan.hpp"

namespace fugle::scheduler {

class OrderSharpener {
 public:
  /// `known_s` [element]: seconds the plan knew, 0: it guessed; empty: there is nothing to learn.
  OrderSharpener(const graph::Graph& graph, std::vector<float> known_s);

  /// The graph has grown; `plan` has an order of all its elements, the new ones last. A better one is made at once
  /// where they are many beside those that there were, so that all of this together stays linear; and where priorities
  /// matter, since the new ones may outrank others, and so may what they wait for.
  void grow(const plan::Plan& plan);
  /// An attempt ended OK after so many seconds.
  void learn(TaskId task, double seconds);
  /// A new order of all elements when it is time for one (for the plan of fifo only by priorities): upward ranks with
  /// what was learned, priorities as planned, or those of `plan` made anew where the graph has grown.
  [[nodiscard]] std::optional<std::vector<std::uint32_t>> new_order(plan::Plan& plan);

 private:
  [[nodiscard]] std::vector<double> durations() const;

  struct Mean {
    double seconds = 0;
    std::uint32_t count = 0;
  };
  const graph::Graph& graph_;
  std::vector<float> known_s_;
  std::vector<bool> is_guessed_;  ///< [task] has elements nobody knew
  std::vector<Mean> means_;       ///< [task]
  std::uint64_t num_learned_ = 0;
  std::uint32_t num_ordered_;  ///< elements that the newest order was made of
  bool have_priorities_changed_ = false;
  std::uint64_t next_order_at_ = kFirstOrderAt;
  static constexpr std::uint64_t kFirstOrderAt = 8;
};

}  // namespace fugle::scheduler
