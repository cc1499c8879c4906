// fugle simulate FILE: what a run would be like on machines that are described, by the scheduler that would run it.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <numeric>

#include "app/find_run.hpp"
#include "app/fit_check.hpp"
#include "app/load_workflow.hpp"
#include "app/mistakes.hpp"
#include "app/read_durations.hpp"
#include "app/simulate_options.hpp"
#include "app/simulate_view.hpp"
#include "base/error.hpp"
#include "graph/algorithms.hpp"
#include "plan/learned_durations.hpp"

namespace fugle::app {
namespace {

/// False after E302 was printed: of a described machine something fits on none of its sizes. What fits on some of them
/// is said of the others, which are tried all the same.
bool fits(const Loaded& loaded, const SimulateOptions& options) {
  workflow::Diagnostics diagnostics(loaded.workflow.file);
  const auto largest = std::ranges::max_element(options.sizes, {}, &SimulatedSize::nodes);
  for (const SimulatedSize& size : options.sizes) {
    const bool is_refused = options.is_described && &size == &*largest;
    const Misfit misfit = is_refused ? Misfit::refused : &size == &*largest ? Misfit::reported : Misfit::left_out;
    const FitQuestion question{loaded.graph, &loaded.workflow, size.workers, misfit, {}, loaded.slurm.nodes};
    check_fit(question, elements_per_task(loaded.graph), diagnostics);
  }
  diagnostics.sort();  // what is wrong with every size is said once
  print_mistakes(diagnostics);
  return !diagnostics.has_errors();
}

SimulatedRun simulate_one(const SimulationReport& report, const SimulatedSize& size, plan::Policy policy,
                          std::span<const std::uint32_t> kinds) {
  const plan::Machine& machine = size.workers.machine;
  sim::SimulationOptions options = report.options;
  options.plan.policy = policy;
  SimulatedRun run;
  run.nodes = size.nodes;
  run.cores = std::accumulate(machine.workers.begin(), machine.workers.end(), std::uint64_t{0},
                              [](std::uint64_t sum, const plan::Slot& slot) { return sum + slot.cores; });
  run.policy = policy;
  run.result = sim::simulate(report.graph, machine, report.durations, kinds, options);
  if (options.known == sim::Known::exact) return run;
  options.known = sim::Known::exact;
  run.exact_makespan_s = sim::simulate(report.graph, machine, report.durations, kinds, options).makespan_s;
  return run;
}

EarlierRuns earlier_runs_of(const Loaded& loaded, const LoadOptions& options, const Arguments& arguments) {
  RunFacts like;
  like.workflow = loaded.workflow.name;
  like.source = loaded.source;
  like.file = options.file;
  like.submit_dir = options.directory;
  EarlierRuns earlier = read_earlier_runs(runs_dir_from(arguments), like);
  if (!earlier.left_out.empty()) fmt::print(stderr, "fugle: {}\n", earlier.left_out);
  return earlier;
}

SimulationReport make_report(const Loaded& loaded, const EarlierRuns& earlier, const SimulateOptions& options) {
  const graph::Graph& graph = loaded.graph;
  plan::KnownDurations durations = plan::known_durations(graph, earlier.durations, {});
  SimulationReport report{.graph = graph,
                          .workflow = loaded.workflow.name,
                          .durations = std::move(durations.seconds),
                          .num_guessed = durations.num_unknown,
                          .num_learned = durations.num_learned,
                          .num_earlier_runs = earlier.num_runs,
                          .critical_path = {},
                          .width = {},
                          .num_services = 0,
                          .has_bytes = !graph.data().need_bytes.empty(),
                          .options = options.simulation,
                          .runs = {}};
  report.critical_path = graph::critical_path(graph, report.durations);
  report.width = sim::width_of(graph, report.durations);
  for (std::uint32_t e = 0; e < graph.num_elements(); ++e)
    report.num_services += graph.task_of(ElementId(e)).service.is_given ? 1 : 0;
  const std::vector<std::uint32_t> kinds = sim::kinds_by_name(graph);
  for (const SimulatedSize& size : options.sizes)
    for (const plan::Policy policy : options.policies) report.runs.push_back(simulate_one(report, size, policy, kinds));
  return report;
}

}  // namespace

int simulate_verb(const Args& args) {
  Usage usage("simulate", "FILE",
              "What a run would be like on described machines: the real scheduler in virtual time. Nothing is started.",
              0, 1);
  add_simulate_options(usage.options);
  add_load_options(usage.options);
  add_driver_words(usage);
  add_runs_dir_option(usage.options);
  const auto arguments = parse_arguments(usage, args);
  if (!arguments) return 0;
  const SimulateOptions options = simulate_options_from(*arguments);
  LoadOptions load = load_options_from(*arguments);
  load.needs_inputs = false;  // they may be where the machines are
  const auto loaded = load_workflow(load);
  if (!loaded || !fits(*loaded, options)) return static_cast<int>(ExitCode::usage);
  const SimulationReport report = make_report(*loaded, earlier_runs_of(*loaded, load, *arguments), options);
  const std::string text = options.as_json ? simulation_json(report) : simulation_text(report);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return 0;
}

}  // namespace fugle::app
