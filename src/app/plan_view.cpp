#include "app/plan_view.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "graph/algorithms.hpp"
#include "report/json_text.hpp"
#include "report/text_table.hpp"

namespace fugle::app {
namespace {

using report::Align;
using report::Json;

constexpr std::size_t kFirstElements = 10;
constexpr std::size_t kPathElements = 20;

std::string seconds_text(double seconds) { return format_duration(from_seconds(seconds)); }

std::string workers_text(std::span<const plan::Slot> workers) {
  std::uint32_t cores = 0;
  for (const plan::Slot& worker : workers) cores += worker.cores;
  return fmt::format("{} {} with {} {}", workers.size(), workers.size() == 1 ? "worker" : "workers", cores,
                     cores == 1 ? "core" : "cores");
}

std::string tasks_part(const graph::Graph& graph, const Forecast& forecast) {
  std::vector<std::uint64_t> elements(graph.num_tasks());
  std::vector<double> seconds(graph.num_tasks());
  for (std::uint32_t e = 0; e < graph.num_elements(); ++e) {
    const auto task = graph.task_id_of(ElementId(e)).value();
    ++elements[task];
    seconds[task] += forecast.durations[e];
  }
  report::TextTable table({"elements", "cores", "memory", "expected", "task", "retries"},
                          {Align::right, Align::right, Align::right, Align::right, Align::left, Align::left});
  for (std::uint32_t t = 0; t < graph.num_tasks(); ++t) {
    const graph::Task& task = graph.task(TaskId(t));
    if (task.kind == graph::TaskKind::gate || elements[t] == 0) continue;
    table.add({std::to_string(elements[t]), std::to_string(task.request.cores),
               task.request.mem_bytes == 0 ? "share" : format_bytes(task.request.mem_bytes),
               seconds_text(seconds[t] / static_cast<double>(elements[t])), task.name, retry_text(task.retries)});
  }
  return table.to_text(2);
}

std::vector<ElementId> by_order(const graph::Graph& graph, const Forecast& forecast) {
  std::vector<ElementId> elements;
  for (std::uint32_t e = 0; e < graph.num_elements(); ++e)
    if (!graph.is_gate(ElementId(e)) && forecast.schedule.placements[e].worker.is_valid()) elements.emplace_back(e);
  const auto key = [&](ElementId e) {
    return std::pair(forecast.schedule.placements[e.value()].start_s, forecast.order[e.value()]);
  };
  const std::size_t shown = std::min(kFirstElements, elements.size());
  std::partial_sort(elements.begin(), elements.begin() + static_cast<std::ptrdiff_t>(shown), elements.end(),
                    [&](ElementId a, ElementId b) { return key(a) < key(b); });
  elements.resize(shown);
  return elements;
}

std::string order_part(const graph::Graph& graph, const Forecast& forecast) {
  report::TextTable table({"start", "end", "worker", "element"},
                          {Align::right, Align::right, Align::right, Align::left});
  for (const ElementId element : by_order(graph, forecast)) {
    const plan::Placement& placement = forecast.schedule.placements[element.value()];
    table.add({seconds_text(placement.start_s), seconds_text(placement.end_s), std::to_string(placement.worker.value()),
               std::string(graph.id(element))});
  }
  if (table.is_empty()) return {};
  return fmt::format("first of {} elements\n{}", graph.num_real_elements(), table.to_text(2));
}

std::string path_part(const graph::Graph& graph, const Forecast& forecast) {
  double seconds = 0;
  std::string names;
  for (std::size_t i = 0; i < forecast.critical_path.size(); ++i) {
    const ElementId element = forecast.critical_path[i];
    seconds += forecast.durations[element.value()];
    if (i < kPathElements) names += fmt::format("{}{}", i == 0 ? "" : " -> ", graph.id(element));
  }
  if (forecast.critical_path.size() > kPathElements)
    names += fmt::format(" -> and {} more", forecast.critical_path.size() - kPathElements);
  return fmt::format("critical path, {}\n  {}\n", seconds_text(seconds), names);
}

Json ids(const graph::Graph& graph, std::span<const ElementId> elements) {
  Json list = Json::array();
  for (const ElementId element : elements) list.push_back(graph.id(element));
  return list;
}

}  // namespace

Forecast make_forecast(const graph::Graph& graph, std::span<const plan::Slot> workers) {
  Forecast forecast;
  forecast.durations = plan::expected_durations(graph);
  forecast.ranks = graph::upward_ranks(graph, forecast.durations);
  forecast.order = plan::start_order(graph, forecast.ranks);
  forecast.schedule = plan::list_schedule(graph, workers, forecast.durations, forecast.order);
  forecast.bound = plan::lower_bound(graph, workers, forecast.durations);
  forecast.critical_path = graph::critical_path(graph, forecast.durations);
  return forecast;
}

std::string retry_text(const graph::RetryPolicy& policy) {
  if (policy.max == 0) return "none";
  std::vector<std::string> when;
  for (unsigned cls = 0; cls < 32; ++cls)
    if ((policy.classes >> cls & 1u) != 0) when.emplace_back(graph::name_of(static_cast<graph::FailureClass>(cls)));
  for (const auto& [first, last] : policy.exit_codes)
    when.push_back(first == last ? fmt::format("exit {}", first) : fmt::format("exit {}..{}", first, last));
  std::string text = fmt::format("{} more on {}", policy.max, join(when, ", "));
  text += fmt::format("; after {}", format_duration(policy.delay));
  if (policy.max > 1 && policy.backoff != 1.0)
    text += fmt::format(", then x{:g} up to {}", policy.backoff, format_duration(policy.max_delay));
  if (policy.jitter > 0) text += fmt::format(", +-{:.0f}%", policy.jitter * 100);
  return text;
}

std::string plan_text(const graph::Graph& graph, const std::string& workflow, std::span<const plan::Slot> workers,
                      const Forecast& forecast) {
  std::string text =
      fmt::format("{}: {} elements, on {}\n", workflow, graph.num_real_elements(), workers_text(workers));
  text += tasks_part(graph, forecast) + order_part(graph, forecast) + path_part(graph, forecast);
  text += fmt::format("makespan {}, lower bound {} ({})\n", seconds_text(forecast.schedule.makespan_s),
                      seconds_text(forecast.bound.seconds), forecast.bound.binding);
  if (forecast.schedule.num_unplaced > 0)
    text += fmt::format("{} elements cannot run here: they, or what they need, fit on no worker\n",
                        forecast.schedule.num_unplaced);
  return text;
}

std::string plan_element_json(const graph::Graph& graph, const Forecast& forecast, ElementId element) {
  const graph::Task& task = graph.task_of(element);
  const plan::Placement& placement = forecast.schedule.placements[element.value()];
  const bool is_placed = placement.worker.is_valid();
  Json json{{"id", graph.id(element)}, {"task", task.name}};
  json["needs"] = ids(graph, graph.real_needs(element));
  json["resources"] = {{"cores", task.request.cores}, {"mem_bytes", task.request.mem_bytes}};
  json["estimate_s"] = forecast.durations[element.value()];
  json["rank"] = forecast.ranks[element.value()];
  json["order"] = forecast.order[element.value()];
  json["worker"] = is_placed ? Json(placement.worker.value()) : Json();
  json["start_s"] = is_placed ? Json(placement.start_s) : Json();
  json["end_s"] = is_placed ? Json(placement.end_s) : Json();
  return report::to_line(json);
}

std::string plan_totals_json(const graph::Graph& graph, const Forecast& forecast) {
  return fmt::format("\"makespan_s\": {},\n\"lower_bound_s\": {},\n\"critical_path\": {},\n\"unplaced\": {}",
                     report::to_line(Json(forecast.schedule.makespan_s)), report::to_line(Json(forecast.bound.seconds)),
                     report::to_line(ids(graph, forecast.critical_path)), forecast.schedule.num_unplaced);
}

}  // namespace fugle::app
