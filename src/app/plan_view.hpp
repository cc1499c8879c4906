// `fugle plan` as text and as JSON: what would run, in which order, where, and how long it would take. Pure: data in,
// text out.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "graph/graph.hpp"
#include "plan/durations.hpp"
#include "plan/list_schedule.hpp"
#include "plan/lower_bound.hpp"
#include "plan/plan.hpp"
#include "plan/start_order.hpp"

namespace fugle::app {

/// All that can be said about a run beforehand.
struct Forecast {
  std::vector<double> durations;     ///< [element] seconds the plan counts with
  std::vector<double> ranks;         ///< [element] upward ranks, seconds
  std::vector<std::uint32_t> order;  ///< [element] position in the order of preference
  plan::Schedule schedule;
  plan::LowerBound bound;
  std::vector<ElementId> critical_path;
};
[[nodiscard]] Forecast make_forecast(const graph::Graph& graph, std::span<const plan::Slot> workers);

/// "2 more on error, signal; after 5.0s, then x2 up to 10m00s", or "none".
[[nodiscard]] std::string retry_text(const graph::RetryPolicy& policy);

[[nodiscard]] std::string plan_text(const graph::Graph& graph, const std::string& workflow,
                                    std::span<const plan::Slot> workers, const Forecast& forecast);
/// One element of `plan --json`: {id, task, needs, resources, estimate_s, rank, order, worker, start_s, end_s}; worker,
/// start and end are null for what fits nowhere.
[[nodiscard]] std::string plan_element_json(const graph::Graph& graph, const Forecast& forecast, ElementId element);
/// The keys beside `elements`, as the inside of a JSON object.
[[nodiscard]] std::string plan_totals_json(const graph::Graph& graph, const Forecast& forecast);

}  // namespace fugle::app
