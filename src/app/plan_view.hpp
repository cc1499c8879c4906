// `fugle plan` as text and as JSON: what would run, in which order, where, and how long it would take. Pure: data in,
// text out.
#pragma once

#include <span>
#include <string>

#include "app/forecast.hpp"
#include "graph/graph.hpp"

namespace fugle::app {

/// "2 more on error, signal; after 5.0s, then x2 up to 10m00s", or "none".
[[nodiscard]] std::string retry_text(const graph::RetryPolicy& policy);

[[nodiscard]] std::string plan_text(const graph::Graph& graph, const std::string& workflow,
                                    std::span<const plan::Slot> workers, const Forecast& forecast);
/// One element of `plan --json`: {id, task, needs, resources, estimate_s, rank, order, home, worker, start_s, end_s};
/// home is null where the plan has none; worker, start and end are null for what fits nowhere.
[[nodiscard]] std::string plan_element_json(const graph::Graph& graph, const Forecast& forecast, ElementId element);
/// The keys beside `elements`, as the inside of a JSON object.
[[nodiscard]] std::string plan_totals_json(const graph::Graph& graph, const Forecast& forecast);

}  // namespace fugle::app
