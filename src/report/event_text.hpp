// One journalled event as a line for people and as JSON: `fugle history --events`.
#pragma once

#include <string>

#include "graph/graph.hpp"
#include "report/json_text.hpp"
#include "scheduler/event.hpp"

namespace fugle::report {

/// "2026-06-01T04:30:00.123Z": UTC with milliseconds.
[[nodiscard]] std::string format_time_ms(Time t);

/// When the event happened: an attempt's end where it has one.
[[nodiscard]] Time time_of(const scheduler::Event& event);

/// "      7  2026-06-01T04:30:00.123Z  attempt_ended    x[3] attempt 1 on worker 2: error, exit 3, 12.3s (exit code
/// 3)".
[[nodiscard]] std::string event_line(const graph::Graph& graph, scheduler::Sequence sequence,
                                     const scheduler::Event& event);
[[nodiscard]] Json event_json(const graph::Graph& graph, scheduler::Sequence sequence, const scheduler::Event& event);

}  // namespace fugle::report
