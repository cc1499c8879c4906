// fugle plan FILE: what would run, in which order, where and for how long, on this machine or a described one.
#include <fmt/format.h>

#include <cstdio>

#include "app/allocation.hpp"
#include "app/find_run.hpp"
#include "app/fit_check.hpp"
#include "app/launcher_check.hpp"
#include "app/load_workflow.hpp"
#include "app/mistakes.hpp"
#include "app/placement_view.hpp"
#include "app/plan_view.hpp"
#include "app/planning_options.hpp"
#include "app/plugin_check.hpp"
#include "app/read_durations.hpp"
#include "app/surroundings.hpp"
#include "base/error.hpp"

namespace fugle::app {
namespace {

namespace po = boost::program_options;

std::uint32_t count_from(const Arguments& arguments, const char* option, std::uint32_t otherwise) {
  if (!arguments.has(option)) return otherwise;
  const auto count = arguments.get<std::uint32_t>(option);
  if (count == 0) throw UsageError(fmt::format("--{} 0 can run nothing (an element needs a core); try 1", option));
  return count;
}

/// Of the Slurm job around us, which are taken to be like this one; 0: there is none.
std::uint32_t nodes_of_job() {
  const auto job = look_around().job;
  return job ? static_cast<std::uint32_t>(job->nodes.size()) : 0;
}

Workers workers_from(const Arguments& arguments) {
  const topology::Node here = topology::discover();
  const std::uint32_t num_nodes = nodes_of_job();
  const bool is_for_job = num_nodes > 1 && !arguments.has("ranks") && !arguments.has("jobs");
  if (!arguments.has("alloc") && is_for_job) return described_workers({{num_nodes}, here}, num_nodes);
  if (!arguments.has("alloc"))
    return workers_here(here, count_from(arguments, "ranks", 1), count_from(arguments, "jobs", 0));
  if (arguments.has("ranks") || arguments.has("jobs"))
    throw UsageError("--alloc says what there is (-n and -j are for this machine); leave one of them out");
  const Allocation allocation = parse_allocation(arguments.get<std::string>("alloc"), here);
  if (allocation.node_counts.size() > 1)
    throw UsageError("a plan is for one size (nodes=A..B is for 'fugle simulate'); give one number of nodes");
  return described_workers(allocation, allocation.node_counts.front());
}

/// False after E302 was printed.
bool fits(const Loaded& loaded, const Workers& workers, bool is_described) {
  workflow::Diagnostics diagnostics(loaded.workflow.file);
  FitQuestion question{loaded.graph, &loaded.workflow, workers, is_described ? Misfit::refused : Misfit::reported};
  if (!is_described) question.free_scratch = free_scratch_here;
  question.asked_nodes = loaded.slurm.nodes;
  check_fit(question, elements_per_task(loaded.graph), diagnostics);
  if (!is_described) {
    check_launchers(launcher_question_here(loaded.graph, &loaded.workflow, look_around().job.has_value()),
                    elements_per_task(loaded.graph), diagnostics);
    check_plugins(loaded.graph, &loaded.workflow, try_plugin, elements_per_task(loaded.graph), diagnostics);
  }
  print_mistakes(diagnostics);
  return !diagnostics.has_errors();
}

void put(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

/// Element by element: the whole as one tree would take gigabytes for a million of them.
void print_json(const graph::Graph& graph, const Forecast& forecast, const workflow::Outlook& outlook) {
  put("{\"elements\": [");
  const char* separator = "\n";
  for (std::uint32_t e = 0; e < graph.num_elements(); ++e) {
    if (graph.is_gate(ElementId(e))) continue;
    put(separator + plan_element_json(graph, forecast, ElementId(e), outlook));
    separator = ",\n";
  }
  put("\n],\n" + plan_totals_json(graph, forecast) + "}\n");
}

/// Who has which cores when most are in use. Each worker is drawn with its part of the node.
std::string placement_part(const graph::Graph& graph, const Workers& workers, const Forecast& forecast) {
  const double moment_s = busiest_moment(graph, forecast.prediction);
  const auto running = placements_at(graph, forecast.prediction, {workers.parts, {}}, moment_s);
  return fmt::format("placement {} after the start\n{}", format_duration(from_seconds(moment_s)),
                     placement_text(workers.parts, running));
}

void add_plan_options(Usage& usage) {
  auto add = usage.options.add_options();
  add("json", "as JSON");
  add("show-placement", "draw nodes and cores, and which elements have them");
  add("ranks,n", po::value<std::uint32_t>()->value_name("N"), "on N workers that share this machine");
  add("jobs,j", po::value<std::uint32_t>()->value_name("N"), "with N cores each; default: all, shared by the workers");
  add("alloc", po::value<std::string>()->value_name("nodes=N,cores=C,mem=SIZE,gpus=G,topology=T"),
      "on N nodes as described, one worker each; T is FILE.xml of hwloc or its synthetic description and comes last; "
      "what is not said is as on this machine");
  add_planning_options(usage.options);
  add_load_options(usage.options);
  add_driver_words(usage);
  add_runs_dir_option(usage.options);
}

}  // namespace

int plan_verb(const Args& args) {
  Usage usage("plan", "FILE", "What would run, in which order, where and for how long. Nothing is started.", 0, 1);
  add_plan_options(usage);
  const auto arguments = parse_arguments(usage, args);
  if (!arguments) return 0;
  const plan::PlanOptions planning = planning_options_from(*arguments);
  const Workers workers = workers_from(*arguments);
  const LoadOptions options = load_options_from(*arguments);
  const auto loaded = load_workflow(options);
  if (!loaded) return static_cast<int>(ExitCode::usage);
  const graph::Graph& graph = loaded->graph;
  if (!fits(*loaded, workers, arguments->has("alloc"))) return static_cast<int>(ExitCode::usage);
  RunFacts like;
  like.workflow = loaded->workflow.name;
  like.source = loaded->source;
  like.file = options.file;
  like.submit_dir = options.directory;
  const EarlierRuns earlier = read_earlier_runs(runs_dir_from(*arguments), like);
  if (!earlier.left_out.empty()) fmt::print(stderr, "fugle: {}\n", earlier.left_out);
  Forecast forecast = make_forecast(graph, workers.machine, known_durations(graph, earlier.durations, {}), planning);
  forecast.num_earlier_runs = earlier.num_runs;
  if (arguments->has("json"))
    print_json(graph, forecast, loaded->outlook);
  else
    put(plan_text(graph, loaded->workflow.name, workers.machine.workers, forecast, loaded->outlook));
  if (arguments->has("show-placement")) put("\n" + placement_part(graph, workers, forecast));
  return 0;
}

}  // namespace fugle::app
