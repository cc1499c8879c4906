#include "app/forecast.hpp"

#include <utility>

#include "graph/algorithms.hpp"
#include "plan/durations.hpp"

namespace fugle::app {
namespace {

/// Above this many elements only the policy that was asked for is worked out.
constexpr std::uint32_t kMostToCompare = 200'000;

std::vector<Outcome> compare_policies(const plan::Problem& problem, const plan::PlanOptions& options) {
  std::vector<Outcome> outcomes;
  for (const plan::Policy policy : {plan::Policy::fifo, plan::Policy::heft, plan::Policy::partition}) {
    plan::PlanOptions one = options;
    one.policy = policy;
    const plan::Prediction prediction = predict(problem, make_plan(problem, one));
    outcomes.push_back({policy, prediction.makespan_s, prediction.bytes_between_nodes});
  }
  return outcomes;
}

}  // namespace

Forecast make_forecast(const graph::Graph& graph, const plan::Machine& machine, plan::KnownDurations durations,
                       const plan::PlanOptions& options) {
  Forecast forecast;
  forecast.durations = std::move(durations);
  plan::take_nothing_where_skipped(graph, forecast.durations.seconds);
  std::vector<double> seconds = forecast.durations.seconds;
  for (std::uint32_t e = 0; e < graph.num_elements(); ++e)
    if (graph.task_of(ElementId(e)).runs_finally) seconds[e] = 0;  // it comes when all this has ended
  const plan::Problem problem{graph, machine, seconds, {}, forecast.durations.are_mostly_known()};
  forecast.ranks = graph::upward_ranks(graph, seconds);
  forecast.plan = make_plan(problem, options);
  forecast.prediction = predict(problem, forecast.plan);
  forecast.bound = lower_bound(problem);
  forecast.critical_path = graph::critical_path(graph, seconds);
  if (graph.num_elements() <= kMostToCompare) forecast.outcomes = compare_policies(problem, options);
  forecast.has_bytes = !graph.data().need_bytes.empty();
  return forecast;
}

}  // namespace fugle::app
