#include "report/report_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.hpp"
#include "report/json_text.hpp"
#include "report/text_table.hpp"

namespace fugle::report {
namespace {

constexpr std::size_t kPathShown = 12;

/// Of sorted values: the smallest that at least this part of them does not exceed.
double quantile(const std::vector<double>& sorted, double part) {
  if (sorted.empty()) return 0;
  const auto index = static_cast<std::size_t>(part * static_cast<double>(sorted.size() - 1) + 0.5);
  return sorted[index];
}

Json path_json(const graph::Graph& graph, const RunReport& report, std::span<const float> seconds) {
  Json path = Json::array();
  for (const ElementId e : report.measure.critical_path)
    path.push_back({{"id", graph.id(e)}, {"seconds", seconds[e.value()]}});
  return path;
}

std::string tasks_part(const RunReport& report) {
  constexpr Align kRight = Align::right;
  TextTable table({"ok", "failed", "median", "p95", "max", "core-hours", "read", "written", "task"},
                  {kRight, kRight, kRight, kRight, kRight, kRight, kRight, kRight, Align::left});
  for (const TaskLengths& row : report.tasks)
    table.add({std::to_string(row.count), std::to_string(row.num_failed), format_seconds(row.median_s),
               format_seconds(row.p95_s), format_seconds(row.max_s), fmt::format("{:.3f}", row.core_hours),
               format_bytes(row.read_bytes), format_bytes(row.written_bytes), row.task});
  return table.to_text();
}

}  // namespace

std::vector<TaskLengths> lengths_by_task(const graph::Graph& graph, const AttemptsTable& attempts) {
  struct Collected {
    std::vector<double> seconds;
    double core_s = 0;
    std::uint64_t num_failed = 0;
    std::uint64_t read_bytes = 0;
    std::uint64_t written_bytes = 0;
  };
  std::map<std::string_view, Collected> by_name;
  for (const Attempt& attempt : attempts.attempts()) {
    const graph::Task& task = graph.task_of(attempt.element);
    Collected& collected = by_name[task.name];
    const double seconds = to_seconds(attempt.end - attempt.start);
    if (attempt.state == AttemptState::ok) collected.seconds.push_back(seconds);
    if (attempt.state == AttemptState::failed) ++collected.num_failed;
    collected.read_bytes += attempt.read_bytes;
    collected.written_bytes += attempt.written_bytes;
    if (attempt.end > attempt.start) collected.core_s += seconds * task.request.cores;
  }
  std::vector<TaskLengths> rows;
  for (std::uint32_t t = 0; t < graph.num_tasks(); ++t) {
    const auto node = by_name.extract(graph.task(TaskId(t)).name);
    if (node.empty()) continue;
    std::vector<double> sorted = node.mapped().seconds;
    std::sort(sorted.begin(), sorted.end());
    rows.push_back({std::string(node.key()), sorted.size(), quantile(sorted, 0.5), quantile(sorted, 0.95),
                    quantile(sorted, 1), node.mapped().core_s / 3600, node.mapped().num_failed,
                    node.mapped().read_bytes, node.mapped().written_bytes});
  }
  return rows;
}

std::string ratio_text(const RunMeasure& measure) {
  if (measure.ratio() <= 0) return {};
  return fmt::format("{:.2f}x of the bound {} ({})", measure.ratio(), format_seconds(measure.bound.seconds),
                     measure.bound.binding);
}

std::string path_text(const graph::Graph& graph, std::span<const ElementId> path, std::size_t max_names) {
  std::string text;
  const std::size_t shown = std::min(path.size(), max_names);
  for (std::size_t i = 0; i < shown; ++i) text += fmt::format("{}{}", i == 0 ? "" : " -> ", graph.id(path[i]));
  if (shown < path.size()) text += fmt::format(" -> and {} more", path.size() - shown);
  return text;
}

std::string report_text(const graph::Graph& graph, const RunReport& report, std::span<const float> seconds) {
  std::string text = fmt::format("{}  {}  {}\n{}\n", report.names.run, report.names.workflow, name_of(report.condition),
                                 summary_line(report.counts));
  text += fmt::format("{} in {} on {}, {}\n\n", counted(report.num_attempts, "attempt", "attempts"),
                      counted(report.num_lives, "life", "lives"), counted(report.num_workers, "worker", "workers"),
                      counted(report.num_cores, "core", "cores"));
  text += fmt::format("makespan {}", format_seconds(report.measure.makespan_s));
  if (const std::string ratio = ratio_text(report.measure); !ratio.empty()) text += ", " + ratio;
  text += fmt::format("; cores busy {:.0f}%\n", 100 * report.measure.utilisation);
  double path_s = 0;
  for (const ElementId e : report.measure.critical_path) path_s += seconds[e.value()];
  text += fmt::format("critical path, {}\n  {}\n\n", format_seconds(path_s),
                      path_text(graph, report.measure.critical_path, kPathShown));
  return text + tasks_part(report);
}

std::string report_json(const graph::Graph& graph, const RunReport& report, std::span<const float> seconds) {
  const RunMeasure& measure = report.measure;
  Json json{{"run", report.names.run},
            {"workflow", report.names.workflow},
            {"state", name_of(report.condition)},
            {"elements", report.counts.total},
            {"ok", report.counts.ok},
            {"failed", report.counts.failed},
            {"attempts", report.num_attempts},
            {"lives", report.num_lives},
            {"workers", report.num_workers},
            {"cores", report.num_cores},
            {"makespan_s", measure.makespan_s},
            {"lower_bound_s", measure.bound.seconds},
            {"bound_by", measure.bound.binding},
            {"ratio", measure.ratio() > 0 ? Json(measure.ratio()) : Json()},
            {"utilisation", measure.utilisation},
            {"critical_path", path_json(graph, report, seconds)}};
  Json tasks = Json::array();
  for (const TaskLengths& row : report.tasks)
    tasks.push_back({{"task", row.task},
                     {"ok", row.count},
                     {"failed", row.num_failed},
                     {"median_s", row.median_s},
                     {"p95_s", row.p95_s},
                     {"max_s", row.max_s},
                     {"core_hours", row.core_hours},
                     {"read_bytes", row.read_bytes},
                     {"written_bytes", row.written_bytes}});
  json["tasks"] = std::move(tasks);
  return to_pretty_text(json) + "\n";
}

}  // namespace fugle::report
