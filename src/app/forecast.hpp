// What can be said about a run beforehand: how long things take, in which order and where they would run, and how far
// that is from the best possible. What `plan` prints and `run` starts from.
#pragma once

#include <vector>

#include "graph/graph.hpp"
#include "plan/learned_durations.hpp"
#include "plan/lower_bound.hpp"
#include "plan/plan.hpp"
#include "plan/predict.hpp"

namespace fugle::app {

/// What another policy would lead to.
struct Outcome {
  plan::Policy policy = plan::Policy::fifo;
  double makespan_s = 0;
  double bytes_between_nodes = 0;
};

struct Forecast {
  plan::KnownDurations durations;
  std::uint32_t num_earlier_runs = 0;  ///< that durations were learned from
  std::vector<double> ranks;           ///< [element] upward ranks, seconds
  plan::Plan plan;
  plan::Prediction prediction;
  plan::LowerBound bound;
  std::vector<ElementId> critical_path;
  std::vector<Outcome> outcomes;  ///< of fifo, heft and partition; none for very large graphs
  bool has_bytes = false;         ///< the graph knows how much data goes along its edges

  /// Makespan over lower bound; 0: not known, since the bound is 0 or something cannot run.
  [[nodiscard]] double ratio() const {
    return bound.seconds > 0 && prediction.num_unplaced == 0 ? prediction.makespan_s / bound.seconds : 0;
  }
};

/// `durations` as known_durations() gives them.
[[nodiscard]] Forecast make_forecast(const graph::Graph& graph, const plan::Machine& machine,
                                     plan::KnownDurations durations, const plan::PlanOptions& options);

}  // namespace fugle::app
