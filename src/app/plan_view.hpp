// `fugle plan` as text and as JSON: what would run, in which order, where, and how long it would take. Pure: data in,
// text out.
#pragma once

#include <span>
#include <string>

#include "app/forecast.hpp"
#include "graph/graph.hpp"
#include "workflow/outlook.hpp"

namespace fugle::app {

/// "2 more on error, signal; after 5.0s, then x2 up to 10m00s", or "none".
[[nodiscard]] std::string retry_text(const graph::RetryPolicy& policy);

/// What else holds for a task and is not the default: "on_failure drain, tolerate 10% (2 of 20), scratch 2.0G,
/// cleanup"; empty: nothing.
[[nodiscard]] std::string policy_text(const graph::Task& task, std::uint32_t num_elements);
/// "the run stops after 5 failed elements; ..."; empty: the default.
[[nodiscard]] std::string limits_text(const graph::RunLimits& limits);

/// The tasks of `finally` have a part of their own: they come when all this has ended.
[[nodiscard]] std::string plan_text(const graph::Graph& graph, const std::string& workflow,
                                    std::span<const plan::Slot> workers, const Forecast& forecast,
                                    const workflow::Outlook& outlook = {});
/// One element of `plan --json`: {id, task, needs, resources, estimate_s, rank, order, home, worker, start_s, end_s};
/// home is null where the plan has none; worker, start and end are null for what fits nowhere and for `finally`. And
/// where it is not the default: on_failure, retries, tolerate (a number or
/// "10%"), finally; known_after, [max_elements] of one that stands for elements not known yet; only_on_failure_of.
[[nodiscard]] std::string plan_element_json(const graph::Graph& graph, const Forecast& forecast, ElementId element,
                                            const workflow::Outlook& outlook = {});
/// The keys beside `elements`, as the inside of a JSON object.
[[nodiscard]] std::string plan_totals_json(const graph::Graph& graph, const Forecast& forecast);

}  // namespace fugle::app
