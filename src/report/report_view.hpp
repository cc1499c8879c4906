// `fugle report` as text and as JSON: how long a run took, how near that is to the best possible, what was on its
// critical path, and how long each task takes. Pure: data in, text out.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "report/attempts_table.hpp"
#include "report/failure_block.hpp"
#include "report/run_condition.hpp"
#include "report/run_lengths.hpp"
#include "report/status_view.hpp"

namespace fugle::report {

/// Of the attempts that ended OK; seconds.
struct TaskLengths {
  std::string task;
  std::uint64_t count = 0;
  double median_s = 0;
  double p95_s = 0;
  double max_s = 0;
  double core_hours = 0;
  std::uint64_t num_failed = 0;  ///< attempts
  std::uint64_t read_bytes = 0;  ///< from storage, by all attempts
  std::uint64_t written_bytes = 0;
};
/// One row per task name, in the order of the graph; tasks without an attempt are left out.
[[nodiscard]] std::vector<TaskLengths> lengths_by_task(const graph::Graph& graph, const AttemptsTable& attempts);

struct RunReport {
  RunNames names;
  RunCondition condition = RunCondition::ok;
  CountsView counts;
  std::uint32_t num_lives = 0;
  std::uint32_t num_workers = 0;
  std::uint32_t num_cores = 0;
  std::uint64_t num_attempts = 0;
  RunMeasure measure;
  std::vector<TaskLengths> tasks;
};

/// "1.04x of the bound 2m00s (critical path)"; empty when there is none.
[[nodiscard]] std::string ratio_text(const RunMeasure& measure);
/// "a > b > ... > z": at most `max_names` of them.
[[nodiscard]] std::string path_text(const graph::Graph& graph, std::span<const ElementId> path, std::size_t max_names);
[[nodiscard]] std::string report_text(const graph::Graph& graph, const RunReport& report,
                                      std::span<const float> seconds);
[[nodiscard]] std::string report_json(const graph::Graph& graph, const RunReport& report,
                                      std::span<const float> seconds);

}  // namespace fugle::report
