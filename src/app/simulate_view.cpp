#include "app/simulate_view.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "app/simulate_options.hpp"
#include "base/text.hpp"
#include "plan/durations.hpp"
#include "report/json_text.hpp"
#include "report/text_table.hpp"

namespace fugle::app {
namespace {

using report::Align;
using report::Json;

constexpr double kGoodEnough = 1.10;
constexpr std::size_t kPathEnds = 3;  ///< elements shown of each end of a long critical path

double seconds_of_path(const SimulationReport& report) {
  double seconds = 0;
  for (const ElementId e : report.critical_path) seconds += report.durations[e.value()];
  return seconds;
}

std::string path_text(const SimulationReport& report) {
  const auto& path = report.critical_path;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const bool is_shown = path.size() <= 2 * kPathEnds + 1 || i < kPathEnds || i + kPathEnds >= path.size();
    if (is_shown)
      names.emplace_back(report.graph.id(path[i]));
    else if (i == kPathEnds)
      names.push_back(fmt::format("({} more)", path.size() - 2 * kPathEnds));
  }
  return join(names, " -> ");
}

std::string header_part(const SimulationReport& report) {
  std::string text =
      fmt::format("{}: {} elements, at most {} at once ({} {})\n", report.workflow, report.graph.num_real_elements(),
                  report.width.elements, report.width.cores, report.width.cores == 1 ? "core" : "cores");
  if (report.num_learned > 0)
    text += fmt::format("lengths of {} learned from earlier runs ({})\n", report.num_learned, report.num_earlier_runs);
  if (report.num_guessed > 0)
    text += fmt::format("{} have no estimate: as long as the others of their task, else of all, else 1 s\n",
                        report.num_guessed);
  if (report.num_services > 0)
    text +=
        fmt::format("{} taken to be ready after {}; it stays until the last of its users has ended\n",
                    counted(report.num_services, "service is", "services are"), format_seconds(plan::kReadyAfter_s));
  const sim::SimulationOptions& options = report.options;
  if (options.noise > 0) text += fmt::format("lengths vary by {:g} %, seed {}\n", options.noise * 100, options.seed);
  if (options.known == sim::Known::task_means) text += "planned with the mean of each kind of task\n";
  if (options.known == sim::Known::none) text += "planned without knowing any length\n";
  return text;
}

std::string loss_text(const SimulatedRun& run) {
  return run.exact_makespan_s ? fmt::format("{:+.1f}%", (run.result.makespan_s / *run.exact_makespan_s - 1) * 100) : "";
}

/// A column that is left out where it would say nothing.
struct Column {
  std::string name;
  Align align = Align::right;
  std::string (*text)(const SimulatedRun&);
};

std::vector<Column> columns_for(const SimulationReport& report) {
  std::vector<Column> columns{
      {"nodes", Align::right, [](const SimulatedRun& run) { return std::to_string(run.nodes); }},
      {"cores", Align::right, [](const SimulatedRun& run) { return std::to_string(run.cores); }},
      {"policy", Align::left,
       [](const SimulatedRun& run) {
         std::string name = plan::name_of(run.policy);
         if (run.result.made_by != run.policy) name += fmt::format(": {}", plan::name_of(run.result.made_by));
         return name;
       }},
      {"makespan", Align::right, [](const SimulatedRun& run) { return format_seconds(run.result.makespan_s); }},
      {"of bound", Align::right, [](const SimulatedRun& run) { return fmt::format("{:.3f}x", run.result.ratio()); }},
  };
  if (report.options.known != sim::Known::exact) columns.push_back({"loss", Align::right, loss_text});
  columns.push_back({"used", Align::right,
                     [](const SimulatedRun& run) { return fmt::format("{:.1f}%", run.result.utilisation * 100); }});
  if (report.has_bytes)
    columns.push_back({"between nodes", Align::right, [](const SimulatedRun& run) {
                         return format_bytes(static_cast<std::uint64_t>(run.result.bytes_between_nodes));
                       }});
  columns.push_back({"core-hours", Align::right,
                     [](const SimulatedRun& run) { return fmt::format("{:.4g}", run.result.core_hours); }});
  if (report.num_services > 0)
    columns.push_back({"by services", Align::right,
                       [](const SimulatedRun& run) { return fmt::format("{:.4g}", run.result.service_core_hours); }});
  columns.push_back({"head busy", Align::right,
                     [](const SimulatedRun& run) { return fmt::format("{:.2f}%", run.result.head_busy * 100); }});
  columns.push_back(
      {"messages", Align::right, [](const SimulatedRun& run) { return std::to_string(run.result.messages); }});
  if (!report.options.losses.empty())
    columns.push_back(
        {"lost", Align::right, [](const SimulatedRun& run) { return std::to_string(run.result.lost_workers); }});
  const bool is_all_done = std::all_of(report.runs.begin(), report.runs.end(),
                                       [](const SimulatedRun& run) { return run.result.num_unfinished == 0; });
  if (!is_all_done)
    columns.push_back(
        {"not run", Align::right, [](const SimulatedRun& run) { return std::to_string(run.result.num_unfinished); }});
  return columns;
}

std::string table_part(const SimulationReport& report) {
  const std::vector<Column> columns = columns_for(report);
  std::vector<std::string> names;
  std::vector<Align> alignment;
  for (const Column& column : columns) names.push_back(column.name), alignment.push_back(column.align);
  report::TextTable table(names, alignment);
  for (const SimulatedRun& run : report.runs) {
    std::vector<std::string> row;
    for (const Column& column : columns) row.push_back(column.text(run));
    table.add(row);
  }
  return table.to_text();
}

std::vector<plan::Policy> policies_of(const SimulationReport& report) {
  std::vector<plan::Policy> policies;
  for (const SimulatedRun& run : report.runs)
    if (std::find(policies.begin(), policies.end(), run.policy) == policies.end()) policies.push_back(run.policy);
  return policies;
}

std::string smallest_part(const SimulationReport& report) {
  std::string text;
  const std::vector<plan::Policy> policies = policies_of(report);
  for (const plan::Policy policy : policies) {
    const std::string by = policies.size() > 1 ? fmt::format(" with {}", plan::name_of(policy)) : "";
    const SimulatedRun* const run = smallest_good(report, policy);
    if (run == nullptr)
      text += fmt::format("no allocation here runs all elements{}\n", by);
    else
      text += fmt::format("smallest allocation within 10 % of the best{}: nodes={} ({}, {:.4g} core-hours)\n", by,
                          run->nodes, format_seconds(run->result.makespan_s), run->result.core_hours);
  }
  return text;
}

Json run_json(const SimulationReport& report, const SimulatedRun& run, const Json& path) {
  const sim::SimulationResult& result = run.result;
  Json json{{"nodes", run.nodes}, {"cores", run.cores}, {"policy", plan::name_of(run.policy)}};
  json["planned_by"] = plan::name_of(result.made_by);
  json["makespan_s"] = result.makespan_s;
  json["lower_bound_s"] = result.lower_bound_s;
  json["bound_by"] = result.bound_by;
  json["ratio"] = result.ratio();
  json["critical_path"] = path;
  json["utilisation"] = result.utilisation;
  json["bytes_between_nodes"] = report.has_bytes ? Json(result.bytes_between_nodes) : Json();
  json["total_bytes"] = report.has_bytes ? Json(result.total_bytes) : Json();
  json["edges_between_nodes"] = result.edges_between_nodes;
  json["core_hours"] = result.core_hours;
  json["service_core_hours"] = result.service_core_hours;
  json["head_busy"] = result.head_busy;
  json["messages"] = result.messages;
  json["message_bytes"] = result.message_bytes;
  json["attempts"] = result.counts.started;
  json["events"] = result.counts.events();
  json["unfinished"] = result.num_unfinished;
  json["lost_workers"] = result.lost_workers;
  if (run.exact_makespan_s) json["makespan_if_known_s"] = *run.exact_makespan_s;
  return json;
}

}  // namespace

const SimulatedRun* smallest_good(const SimulationReport& report, plan::Policy policy) {
  const SimulatedRun* best = nullptr;
  const auto is_candidate = [&](const SimulatedRun& run) {
    return run.policy == policy && run.result.num_unfinished == 0;
  };
  for (const SimulatedRun& run : report.runs)
    if (is_candidate(run) && (best == nullptr || run.result.makespan_s < best->result.makespan_s)) best = &run;
  const SimulatedRun* smallest = best;
  for (const SimulatedRun& run : report.runs)
    if (is_candidate(run) && run.nodes < smallest->nodes &&
        run.result.makespan_s <= kGoodEnough * best->result.makespan_s)
      smallest = &run;
  return smallest;
}

std::string simulation_text(const SimulationReport& report) {
  return header_part(report) + table_part(report) + smallest_part(report) +
         fmt::format("critical path, {}: {}\n", format_seconds(seconds_of_path(report)), path_text(report));
}

std::string simulation_json(const SimulationReport& report) {
  Json path = Json::array();
  for (const ElementId e : report.critical_path) path.push_back(report.graph.id(e));
  Json json{{"workflow", report.workflow}, {"elements", report.graph.num_real_elements()}};
  json["width"] = {{"elements", report.width.elements}, {"cores", report.width.cores}};
  json["critical_path_s"] = seconds_of_path(report);
  json["services"] = report.num_services;
  json["guessed"] = report.num_guessed;
  json["learned"] = report.num_learned;
  json["known"] = name_of(report.options.known);
  json["noise"] = report.options.noise;
  json["seed"] = report.options.seed;
  json["sizes"] = Json::array();
  for (const SimulatedRun& run : report.runs) json["sizes"].push_back(run_json(report, run, path));
  json["smallest"] = Json::array();
  for (const plan::Policy policy : policies_of(report))
    if (const SimulatedRun* const run = smallest_good(report, policy))
      json["smallest"].push_back({{"policy", plan::name_of(policy)},
                                  {"nodes", run->nodes},
                                  {"makespan_s", run->result.makespan_s},
                                  {"core_hours", run->result.core_hours}});
  return report::to_pretty_text(json) + "\n";
}

}  // namespace fugle::app
