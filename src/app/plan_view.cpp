#include "app/plan_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.hpp"
#include "report/json_text.hpp"
#include "report/report_view.hpp"
#include "report/text_table.hpp"

namespace fugle::app {
namespace {

using report::Align;
using report::Json;

constexpr std::size_t kFirstElements = 10;
constexpr std::size_t kPathElements = 20;

const char* name_of(graph::OnFailure policy) {
  switch (policy) {
    case graph::OnFailure::skip_dependents: return "skip_dependents";
    case graph::OnFailure::ignore: return "ignore";
    case graph::OnFailure::drain: return "drain";
    case graph::OnFailure::stop: return "stop";
  }
  return "unknown";
}

std::string workers_text(std::span<const plan::Slot> workers) {
  std::uint64_t cores = 0, gpus = 0;
  for (const plan::Slot& worker : workers) cores += worker.cores, gpus += worker.gpus;
  std::string text = counted(workers.size(), "worker", "workers") + " with " + counted(cores, "core", "cores");
  if (gpus > 0) text += " and " + counted(gpus, "GPU", "GPUs");
  return text;
}

enum class Part : bool { main, finally };

/// Per task: elements, and the sum of their seconds. Elements that ask for different things are of different tasks of
/// one name.
struct TaskSums {
  std::vector<std::uint32_t> elements;
  std::map<std::string_view, std::uint32_t> elements_of_name;
  std::vector<double> seconds;
};

TaskSums sums_of(const graph::Graph& graph, const Forecast& forecast) {
  TaskSums sums{std::vector<std::uint32_t>(graph.num_tasks()), {}, std::vector<double>(graph.num_tasks())};
  for (std::uint32_t e = 0; e < graph.num_elements(); ++e) {
    const auto task = graph.task_id_of(ElementId(e)).value();
    ++sums.elements[task];
    sums.seconds[task] += forecast.durations.seconds[e];
  }
  for (std::uint32_t t = 0; t < graph.num_tasks(); ++t)
    sums.elements_of_name[graph.task(TaskId(t)).name] += sums.elements[t];
  return sums;
}

/// Of tasks whose elements are made while the run goes on; nullptr: of no such task.
const workflow::OpenTask* open_task(const workflow::Outlook& outlook, const graph::Task& task) {
  if (task.kind != graph::TaskKind::expansion) return nullptr;
  const auto found = std::ranges::find(outlook.open, task.name, &workflow::OpenTask::name);
  return found == outlook.open.end() ? nullptr : &*found;
}

/// Whose failures a task handles; nullptr: it is no handler.
const std::vector<std::string>* handled_by(const workflow::Outlook& outlook, const graph::Task& task) {
  const auto found = std::ranges::find(outlook.handlers, task.name, &workflow::HandlerTask::name);
  return found == outlook.handlers.end() ? nullptr : &found->failing;
}

/// "64 ranks", "32 ranks on 2 nodes"; empty: an ordinary process.
std::string shape_text(const graph::Shape& shape) {
  std::vector<std::string> parts;
  if (shape.ranks > 0) parts.push_back(counted(shape.ranks, "rank", "ranks"));
  if (shape.nodes > 1) parts.push_back(fmt::format("on {} nodes", shape.nodes));
  return join(parts, " ");
}

/// What stands in the row of a task; of one that is open what is known of its elements.
std::vector<std::string> row_of(const graph::Task& task, std::uint32_t num_elements, double seconds,
                                const std::string& policies, const workflow::Outlook& outlook) {
  const workflow::OpenTask* open = open_task(outlook, task);
  const graph::Task* known = open == nullptr ? &task : open->known ? &*open->known : nullptr;
  std::vector<std::string> row{std::to_string(num_elements), "?", "?", format_seconds(seconds), task.name, "?"};
  if (known != nullptr) {
    row[1] = std::to_string(known->request.cores);
    row[2] = known->request.mem_bytes == 0 ? "share" : format_bytes(known->request.mem_bytes);
    row[5] = retry_text(known->retries);
  }
  std::vector<std::string> besides;
  if (open != nullptr) {
    row[0] = outlook.max_elements ? fmt::format("n <= {}", *outlook.max_elements) : "n";
    besides.push_back("known after " + join(open->after, ", "));
    if (known != nullptr)
      if (std::string text = policy_text(*known, 0); !text.empty()) besides.push_back(std::move(text));
  }
  if (const auto* failing = handled_by(outlook, task)) besides.push_back("only on failure of " + join(*failing, ", "));
  if (known != nullptr)
    if (std::string text = shape_text(known->shape); !text.empty()) besides.push_back(std::move(text));
  if (open == nullptr && !policies.empty()) besides.push_back(policies);
  row.push_back(join(besides, ", "));
  return row;
}

std::string tasks_part(const graph::Graph& graph, const TaskSums& sums, Part part, const workflow::Outlook& outlook) {
  std::vector<std::vector<std::string>> rows;
  bool has_policies = false;
  for (std::uint32_t t = 0; t < graph.num_tasks(); ++t) {
    const graph::Task& task = graph.task(TaskId(t));
    if (graph::is_gate(task.kind) || sums.elements[t] == 0) continue;
    if (task.runs_finally != (part == Part::finally)) continue;
    rows.push_back(row_of(task, sums.elements[t], sums.seconds[t] / static_cast<double>(sums.elements[t]),
                          policy_text(task, sums.elements_of_name.at(task.name)), outlook));
    has_policies = has_policies || !rows.back().back().empty();
  }
  if (rows.empty()) return {};
  std::vector<std::string> header{"elements", "cores", "memory", "expected", "task", "retries", "besides"};
  std::vector<Align> align{Align::right, Align::right, Align::right, Align::right,
                           Align::left,  Align::left,  Align::left};
  if (!has_policies) header.pop_back(), align.pop_back();
  report::TextTable table(header, align);
  for (auto& row : rows) {
    row.resize(header.size());
    table.add(std::move(row));
  }
  return table.to_text(2);
}

std::uint32_t num_in_finally(const graph::Graph& graph, const TaskSums& sums) {
  std::uint32_t count = 0;
  for (std::uint32_t t = 0; t < graph.num_tasks(); ++t)
    if (graph.task(TaskId(t)).runs_finally) count += sums.elements[t];
  return count;
}

std::vector<ElementId> by_order(const graph::Graph& graph, const Forecast& forecast) {
  std::vector<ElementId> elements;
  for (std::uint32_t e = 0; e < graph.num_elements(); ++e)
    if (!graph.is_gate(ElementId(e)) && !graph.task_of(ElementId(e)).runs_finally &&
        forecast.prediction.placements[e].worker.is_valid())
      elements.emplace_back(e);
  const auto key = [&](ElementId e) {
    return std::pair(forecast.prediction.placements[e.value()].start_s, forecast.plan.order[e.value()]);
  };
  const std::size_t shown = std::min(kFirstElements, elements.size());
  std::partial_sort(elements.begin(), elements.begin() + static_cast<std::ptrdiff_t>(shown), elements.end(),
                    [&](ElementId a, ElementId b) { return key(a) < key(b); });
  elements.resize(shown);
  return elements;
}

std::string order_part(const graph::Graph& graph, const Forecast& forecast, std::uint32_t num_main) {
  report::TextTable table({"start", "end", "worker", "element"},
                          {Align::right, Align::right, Align::right, Align::left});
  for (const ElementId element : by_order(graph, forecast)) {
    const plan::Placement& placement = forecast.prediction.placements[element.value()];
    table.add({format_seconds(placement.start_s), format_seconds(placement.end_s),
               std::to_string(placement.worker.value()), std::string(graph.id(element))});
  }
  if (table.is_empty()) return {};
  return fmt::format("first of {} elements\n{}", num_main, table.to_text(2));
}

std::string path_part(const graph::Graph& graph, const Forecast& forecast) {
  double seconds = 0;
  for (const ElementId element : forecast.critical_path) seconds += forecast.durations.seconds[element.value()];
  return fmt::format("critical path, {}\n  {}\n", format_seconds(seconds),
                     report::path_text(graph, forecast.critical_path, kPathElements));
}

/// Which of these the figures rest on.
std::string estimates_part(const Forecast& forecast) {
  const plan::KnownDurations& known = forecast.durations;
  std::vector<std::string> parts;
  if (known.num_estimated > 0) parts.push_back(fmt::format("{} from the file", known.num_estimated));
  if (known.num_learned > 0)
    parts.push_back(
        fmt::format("{} learned from {}", known.num_learned, counted(forecast.num_earlier_runs, "run", "runs")));
  if (known.num_unknown > 0) parts.push_back(fmt::format("{} unknown", known.num_unknown));
  return parts.empty() ? "" : fmt::format("estimates: {}\n", join(parts, ", "));
}

std::string makespan_part(const Forecast& forecast) {
  std::string text =
      fmt::format("makespan {} by {}{}, lower bound {} ({})", format_seconds(forecast.prediction.makespan_s),
                  plan::name_of(forecast.plan.made_by), forecast.plan.was_searched ? " and search" : "",
                  format_seconds(forecast.bound.seconds), forecast.bound.binding);
  if (forecast.ratio() > 0) text += fmt::format(": {:.2f}x of the bound", forecast.ratio());
  return text + "\n";
}

/// The same figures for each policy, so that one sees what was chosen from.
std::string policies_part(const Forecast& forecast) {
  report::TextTable table(forecast.has_bytes ? std::vector<std::string>{"policy", "makespan", "between nodes"}
                                             : std::vector<std::string>{"policy", "makespan"},
                          forecast.has_bytes ? std::vector<Align>{Align::left, Align::right, Align::right}
                                             : std::vector<Align>{Align::left, Align::right});
  const auto add = [&](const std::string& name, double makespan_s, double bytes) {
    std::vector<std::string> row{name, format_seconds(makespan_s)};
    if (forecast.has_bytes) row.push_back(format_bytes(static_cast<std::uint64_t>(bytes)));
    table.add(std::move(row));
  };
  for (const Outcome& outcome : forecast.outcomes)
    add(plan::name_of(outcome.policy), outcome.makespan_s, outcome.bytes_between_nodes);
  add("this plan", forecast.prediction.makespan_s, forecast.prediction.bytes_between_nodes);
  return table.to_text(2);
}

Json bytes_json(const Forecast& forecast, double bytes) { return forecast.has_bytes ? Json(bytes) : Json(0); }

Json outcomes_json(const Forecast& forecast) {
  Json list = Json::array();
  for (const Outcome& outcome : forecast.outcomes)
    list.push_back({{"policy", plan::name_of(outcome.policy)},
                    {"makespan_s", outcome.makespan_s},
                    {"bytes_between_nodes", bytes_json(forecast, outcome.bytes_between_nodes)}});
  return list;
}

Json ids(const graph::Graph& graph, std::span<const ElementId> elements) {
  Json list = Json::array();
  for (const ElementId element : elements) list.push_back(graph.id(element));
  return list;
}

}  // namespace

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
  const auto add_scale = [&](const char* what, double factor) {
    if (factor != 1.0) text += fmt::format("; {} x{:g}", what, factor);
  };
  add_scale("mem", policy.scale_mem);
  add_scale("timeout", policy.scale_timeout);
  add_scale("cores", policy.scale_cores);
  return text;
}

std::string policy_text(const graph::Task& task, std::uint32_t num_elements) {
  std::vector<std::string> parts;
  if (task.on_failure != graph::OnFailure::skip_dependents)
    parts.push_back(fmt::format("on_failure {}", name_of(task.on_failure)));
  if (task.tolerate.is_given()) {
    const std::uint32_t limit = task.tolerate.limit(num_elements);
    std::string text = task.tolerate.fraction > 0 ? fmt::format("tolerate {:g}%", task.tolerate.fraction * 100)
                                                  : fmt::format("tolerate {}", task.tolerate.count);
    if (task.tolerate.fraction > 0 && num_elements > 0) text += fmt::format(" ({} of {})", limit, num_elements);
    parts.push_back(std::move(text));
  }
  if (task.has_scratch)
    parts.push_back(task.scratch_bytes > 0 ? fmt::format("scratch {}", format_bytes(task.scratch_bytes)) : "scratch");
  if (task.has_cleanup) parts.emplace_back("cleanup");
  for (const graph::PoolUse& use : task.pools) parts.push_back(fmt::format("holds {} of {}", use.tokens, use.pool));
  if (task.max_parallel > 0) parts.push_back(fmt::format("{} at once", task.max_parallel));
  if (task.fail_fast) parts.emplace_back("fail_fast");
  return join(parts, ", ");
}

std::string limits_text(const graph::RunLimits& limits) {
  std::vector<std::string> parts;
  if (limits.max_failures > 0)
    parts.push_back(
        fmt::format("the run stops after {}", counted(limits.max_failures, "failed element", "failed elements")));
  if (limits.max_infra_retries != graph::RunLimits{}.max_infra_retries)
    parts.push_back(fmt::format("an element is tried {} more after lost nodes and failed launches",
                                counted(limits.max_infra_retries, "time", "times")));
  if (limits.max_parallel > 0)
    parts.push_back(fmt::format("{} at once", counted(limits.max_parallel, "element", "elements")));
  std::vector<std::string> pools;
  for (const auto& [name, tokens] : limits.pools) pools.push_back(fmt::format("{} {}", name, tokens));
  return (parts.empty() ? "" : fmt::format("limits: {}\n", join(parts, "; "))) +
         (pools.empty() ? "" : fmt::format("pools: {}\n", join(pools, ", ")));
}

std::string plan_text(const graph::Graph& graph, const std::string& workflow, std::span<const plan::Slot> workers,
                      const Forecast& forecast, const workflow::Outlook& outlook) {
  const TaskSums sums = sums_of(graph, forecast);
  const std::uint32_t num_last = num_in_finally(graph, sums);
  const std::uint32_t num_main = graph.num_real_elements() - num_last;
  std::string text =
      fmt::format("{}: {} elements{}, on {}\n", workflow, num_main,
                  num_last > 0 ? fmt::format(" and {} in finally", num_last) : "", workers_text(workers));
  text += tasks_part(graph, sums, Part::main, outlook) + limits_text(graph.limits());
  if (num_last > 0)
    text += "finally, when all these have ended, however\n" + tasks_part(graph, sums, Part::finally, outlook);
  text += order_part(graph, forecast, num_main) + path_part(graph, forecast);
  text += estimates_part(forecast) + makespan_part(forecast);
  if (!forecast.outcomes.empty()) text += policies_part(forecast);
  if (forecast.prediction.num_unplaced > 0)
    text += fmt::format("{} elements cannot run here: they, or what they need, fit on no worker\n",
                        forecast.prediction.num_unplaced);
  return text;
}

std::string plan_element_json(const graph::Graph& graph, const Forecast& forecast, ElementId element,
                              const workflow::Outlook& outlook) {
  const graph::Task& placed = graph.task_of(element);
  const workflow::OpenTask* open = open_task(outlook, placed);
  const graph::Task& task = open != nullptr && open->known ? *open->known : placed;
  const plan::Placement& placement = forecast.prediction.placements[element.value()];
  const bool is_placed = placement.worker.is_valid() && !placed.runs_finally;
  const bool has_home = !forecast.plan.homes.empty() && forecast.plan.homes[element.value()].is_valid();
  Json json{{"id", graph.id(element)}, {"task", task.name}};
  json["needs"] = ids(graph, graph.real_needs(element));
  if (open != nullptr) json["known_after"] = open->after;
  if (open != nullptr && outlook.max_elements) json["max_elements"] = *outlook.max_elements;
  if (const auto* failing = handled_by(outlook, placed)) json["only_on_failure_of"] = *failing;
  json["resources"] = {{"cores", task.request.cores}, {"mem_bytes", task.request.mem_bytes}};
  if (task.request.gpus > 0) json["resources"]["gpus"] = task.request.gpus;
  if (task.scratch_bytes > 0) json["resources"]["scratch_bytes"] = task.scratch_bytes;
  if (task.on_failure != graph::OnFailure::skip_dependents) json["on_failure"] = name_of(task.on_failure);
  if (task.retries.max > 0) json["retries"] = task.retries.max;
  if (task.tolerate.fraction > 0)
    json["tolerate"] = fmt::format("{:g}%", task.tolerate.fraction * 100);
  else if (task.tolerate.count > 0)
    json["tolerate"] = task.tolerate.count;
  for (const graph::PoolUse& use : task.pools) json["pools"][use.pool] = use.tokens;
  if (task.max_parallel > 0) json["max_parallel"] = task.max_parallel;
  if (task.fail_fast) json["fail_fast"] = true;
  if (placed.runs_finally) json["finally"] = true;
  if (task.timeout > Duration::zero()) json["timeout_s"] = to_seconds(task.timeout);
  json["estimate_s"] = forecast.durations.seconds[element.value()];
  json["rank"] = forecast.ranks[element.value()];
  json["order"] = forecast.plan.order[element.value()];
  json["home"] = has_home ? Json(forecast.plan.homes[element.value()].value()) : Json();
  json["worker"] = is_placed ? Json(placement.worker.value()) : Json();
  json["start_s"] = is_placed ? Json(placement.start_s) : Json();
  json["end_s"] = is_placed ? Json(placement.end_s) : Json();
  return report::to_line(json);
}

std::string plan_totals_json(const graph::Graph& graph, const Forecast& forecast) {
  const plan::KnownDurations& known = forecast.durations;
  Json json;
  json["policy"] = plan::name_of(forecast.plan.made_by);
  json["searched"] = forecast.plan.was_searched;
  json["makespan_s"] = forecast.prediction.makespan_s;
  json["lower_bound_s"] = forecast.bound.seconds;
  json["bound"] = forecast.bound.binding;
  json["ratio"] = forecast.ratio() > 0 ? Json(forecast.ratio()) : Json();
  json["critical_path"] = ids(graph, forecast.critical_path);
  json["bytes_between_nodes"] = bytes_json(forecast, forecast.prediction.bytes_between_nodes);
  json["total_bytes"] = bytes_json(forecast, forecast.prediction.total_bytes);
  json["policies"] = outcomes_json(forecast);
  json["estimates"] = {{"from_file", known.num_estimated},
                       {"learned", known.num_learned},
                       {"runs", forecast.num_earlier_runs},
                       {"unknown", known.num_unknown}};
  json["unplaced"] = forecast.prediction.num_unplaced;
  json["limits"] = {{"max_failures", graph.limits().max_failures > 0 ? Json(graph.limits().max_failures) : Json()},
                    {"max_infra_retries", graph.limits().max_infra_retries}};
  if (graph.limits().max_parallel > 0) json["limits"]["max_parallel"] = graph.limits().max_parallel;
  for (const auto& [name, tokens] : graph.limits().pools) json["pools"][name] = tokens;
  std::string text;
  for (const auto& [key, value] : json.items())
    text += fmt::format("{}\"{}\": {}", text.empty() ? "" : ",\n", key, report::to_line(value));
  return text;
}

}  // namespace fugle::app
