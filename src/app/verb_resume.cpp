// fugle resume [RUN]: the same run goes on: unfinished and failed elements, nothing that is OK. Safe to repeat.
#include <fmt/format.h>

#include <filesystem>

#include "app/arguments.hpp"
#include "app/command_table.hpp"
#include "app/find_run.hpp"
#include "app/fit_check.hpp"
#include "app/placement_options.hpp"
#include "app/planning_options.hpp"
#include "app/rank_loop.hpp"
#include "app/read_durations.hpp"
#include "app/stored_run.hpp"
#include "base/error.hpp"
#include "store/run_lock.hpp"

namespace fugle::app {
namespace {

/// Where nothing else is asked for, a run goes on as it was started.
Placement placement_of_resume(const Arguments& arguments, const std::string& run_dir) {
  Placement placement = placement_from(arguments);
  const bool says_nothing = !arguments.has("ranks") && !arguments.has("local") && !arguments.has("jobs");
  if (says_nothing) placement = inherit(placement, read_run_facts(run_dir).placement);
  return placement;
}

plan::PlanOptions planning_of_resume(const Arguments& arguments, const RunFacts& facts) {
  plan::PlanOptions planning = planning_options_from(arguments);
  if (!arguments.has("policy")) planning.policy = facts.planning.policy;
  if (!arguments.has("effort")) planning.effort = facts.planning.effort;
  return planning;
}

/// W09 and W04, for what is still to run.
void warn_of_misfits(const OpenRun& run, const Workers& workers) {
  std::vector<std::uint32_t> left(run.graph().num_tasks());
  for (std::uint32_t e = 0; e < run.graph().num_elements(); ++e)
    if (!run.graph().is_gate(ElementId(e)) && !run.state().counts_as_ok(ElementId(e)))
      ++left[run.graph().task_id_of(ElementId(e)).value()];
  workflow::Diagnostics diagnostics(run.facts().file);
  check_fit({run.graph(), nullptr, workers, Misfit::left_out}, left, diagnostics);
  fmt::print(stderr, "{}", diagnostics.to_text());
}

Opening open_again(const std::string& run_dir, const Arguments& arguments, const Workers& workers) {
  auto run = OpenRun::reopen(run_dir);
  if (run == nullptr) {
    fmt::print("nothing to do: all of {} is done\n", read_run_facts(run_dir).run);
    return {};
  }
  warn_of_misfits(*run, workers);
  const RunFacts& facts = run->facts();
  const AllocationEnd allocation = allocation_end_from(arguments, facts.reserve, now());
  const EarlierRuns earlier = read_earlier_runs(std::filesystem::path(run_dir).parent_path().string(), facts);
  if (!earlier.left_out.empty()) fmt::print(stderr, "fugle: {}\n", earlier.left_out);
  RunPlan plan = make_run_plan(run->state(), workers.machine,
                               known_durations(run->graph(), earlier.durations, run->durations_so_far()),
                               planning_of_resume(arguments, facts), allocation);
  return {std::move(run), std::move(plan), 0};
}

}  // namespace

int resume_verb(const Args& args) {
  Usage usage("resume", "[RUN]", "Continues a run: unfinished and failed elements, nothing that is OK.", 0, 1);
  add_placement_options(usage.options);
  add_planning_options(usage.options);
  add_walltime_options(usage.options);
  add_runs_dir_option(usage.options);
  usage.options.add_options()("fail-fast", "stop the run at the first failure");
  const auto arguments = parse_arguments(usage, args);
  if (!arguments) return 0;
  (void)planning_options_from(*arguments);
  (void)allocation_end_from(*arguments, std::nullopt, now());  // mistakes there are told before ranks exist
  const std::string run_dir =
      find_run(runs_dir_from(*arguments), arguments->words.empty() ? "" : arguments->words.front());
  const Placement placement = placement_of_resume(*arguments, run_dir);

  if (starts_mpirun(placement)) {
    Args rank_args = args;
    if (arguments->words.empty()) rank_args.push_back(run_dir);  // the newest may be another one by then
    return run_over_ranks(placement, "resume", rank_args);
  }
  RankOptions options = rank_options(*arguments, placement);
  options.fail_fast = arguments->has("fail-fast");
  options.retry_failed = true;
  return run_rank(options, [&](const Workers& workers) { return open_again(run_dir, *arguments, workers); });
}

}  // namespace fugle::app
