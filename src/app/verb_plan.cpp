// fugle plan FILE: what would run, in which order, where and for how long, on this machine or a described one.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "app/load_workflow.hpp"
#include "app/plan_view.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "topology/topology.hpp"
#include "workflow/scalar.hpp"

namespace fugle::app {
namespace {

using Slots = std::vector<plan::Slot>;

[[noreturn]] void refuse_allocation(const std::string& part) {
  throw UsageError(
      fmt::format("'--alloc': cannot read '{}' (wanted: nodes=N,cores=C,mem=SIZE); try nodes=4,cores=16", part));
}

std::uint32_t parse_count(std::string_view text, const std::string& part) {
  std::uint32_t count = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (problem != std::errc{} || end != text.data() + text.size() || count == 0 || count > 1'000'000)
    refuse_allocation(part);
  return count;
}

std::uint64_t parse_memory(std::string_view text, const std::string& part) {
  workflow::Diagnostics diagnostics("command line");
  const auto size = workflow::parse_size(text, {}, diagnostics);
  if (!size) refuse_allocation(part);
  return size->bytes;
}

/// One worker per node; what is not said is as on this machine.
Slots parse_allocation(const std::string& text, const topology::Node& here) {
  std::uint32_t nodes = 1;
  plan::Slot slot{here.num_cores(), here.mem_bytes};
  for (const std::string_view view : split(text, ',')) {
    const std::string part(view);
    if (part.starts_with("nodes="))
      nodes = parse_count(view.substr(6), part);
    else if (part.starts_with("cores="))
      slot.cores = parse_count(view.substr(6), part);
    else if (part.starts_with("mem="))
      slot.mem_bytes = parse_memory(view.substr(4), part);
    else
      refuse_allocation(part);
  }
  return Slots(nodes, slot);
}

Slots workers_from(const Arguments& arguments) {
  const topology::Node here = topology::discover();
  if (arguments.has("alloc")) return parse_allocation(arguments.get<std::string>("alloc"), here);
  plan::Slot slot{here.num_cores(), here.mem_bytes};
  if (arguments.has("jobs")) slot.cores = arguments.get<std::uint32_t>("jobs");
  if (slot.cores == 0) throw UsageError("-j 0 can run nothing (an element needs a core); try -j 1");
  return {slot};
}

/// E302: what fits on no node of the allocation that was described.
bool fits(const graph::Graph& graph, const Slots& workers, const std::string& file) {
  workflow::Diagnostics diagnostics(file);
  const plan::Slot& largest = workers.front();
  for (std::uint32_t t = 0; t < graph.num_tasks(); ++t) {
    const graph::Task& task = graph.task(TaskId(t));
    if (task.kind == graph::TaskKind::gate) continue;
    if (task.request.cores > largest.cores)
      diagnostics.error(
          "E302", {},
          fmt::format("task {} needs {} cores, largest node has {}", task.name, task.request.cores, largest.cores));
    if (largest.mem_bytes > 0 && task.request.mem_bytes > largest.mem_bytes)
      diagnostics.error("E302", {},
                        fmt::format("task {} needs {}, largest node has {}", task.name,
                                    format_bytes(task.request.mem_bytes), format_bytes(largest.mem_bytes)));
  }
  diagnostics.sort();
  fmt::print(stderr, "{}", diagnostics.to_text());
  return !diagnostics.has_errors();
}

void put(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

/// Element by element: the whole as one tree would take gigabytes for a million of them.
void print_json(const graph::Graph& graph, const Forecast& forecast) {
  put("{\"elements\": [");
  const char* separator = "\n";
  for (std::uint32_t e = 0; e < graph.num_elements(); ++e) {
    if (graph.is_gate(ElementId(e))) continue;
    put(separator + plan_element_json(graph, forecast, ElementId(e)));
    separator = ",\n";
  }
  put("\n],\n" + plan_totals_json(graph, forecast) + "}\n");
}

}  // namespace

int plan_verb(const Args& args) {
  Usage usage("plan", "FILE", "What would run, in which order, where and for how long. Nothing is started.", 0, 1);
  auto add = usage.options.add_options();
  add("json", "as JSON");
  add("jobs,j", boost::program_options::value<std::uint32_t>()->value_name("N"), "on one worker with N cores");
  add("alloc", boost::program_options::value<std::string>()->value_name("nodes=N,cores=C,mem=SIZE"),
      "on N nodes of C cores and SIZE memory each; default: this machine");
  add_load_options(usage.options);
  const auto arguments = parse_arguments(usage, args);
  if (!arguments) return 0;
  const Slots workers = workers_from(*arguments);
  const LoadOptions options = load_options_from(*arguments);
  const auto loaded = load_workflow(options);
  if (!loaded) return static_cast<int>(ExitCode::usage);
  const graph::Graph& graph = loaded->graph;
  if (arguments->has("alloc") && !fits(graph, workers, options.file)) return static_cast<int>(ExitCode::usage);
  const Forecast forecast = make_forecast(graph, workers);
  if (arguments->has("json"))
    print_json(graph, forecast);
  else
    put(plan_text(graph, loaded->workflow.name, workers, forecast));
  return 0;
}

}  // namespace fugle::app
