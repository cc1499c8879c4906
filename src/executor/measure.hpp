// What the values that were found in an attempt's output mean for it: whether its metrics are as they should be, what
// is to be said about them, and how they are reported. Pure.
//
// Of an attempt that ended well, a metric with a reference must have been found and its median be within the tolerance;
// else it failed for its performance. A metric without one that was not found is a remark.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "executor/line_scanner.hpp"
#include "graph/element_text.hpp"
#include "graph/task.hpp"
#include "scheduler/attempt.hpp"

namespace fugle::executor {

/// The regular expressions of those that have one, for the order to the spawner.
[[nodiscard]] std::vector<std::string> regexes_of(std::span<const graph::Metric> metrics);

/// Of the task, for one element: with the references that are its own.
[[nodiscard]] std::vector<graph::Metric> metrics_of(const graph::Task& task, const graph::ElementText& text);

/// Of an attempt that ended well: class, reason and measures. `found` belongs to `metrics`, one by one; where there are
/// fewer nothing was found.
void judge_metrics(std::span<const graph::Metric> metrics, std::span<const LineScanner::Found> found,
                   scheduler::AttemptReport& report);

}  // namespace fugle::executor
