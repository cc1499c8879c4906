#include "app/continue_run.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "app/fit_check.hpp"
#include "app/planning_options.hpp"
#include "app/read_durations.hpp"
#include "app/stored_run.hpp"
#include "app/supervise.hpp"
#include "base/error.hpp"

namespace fugle::app {
namespace {

plan::PlanOptions planning_of_next_life(const Arguments& arguments, const RunFacts& facts) {
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
  check_fit({run.graph(), nullptr, workers, Misfit::left_out, {}, run.facts().slurm.nodes}, left, diagnostics);
  fmt::print(stderr, "{}", diagnostics.to_text());
}

}  // namespace

Opening continue_run(const std::string& run_dir, const Arguments& arguments, const Workers& workers) {
  const bool is_restart = !continued_run(arguments).empty();
  auto run = OpenRun::reopen(
      run_dir, arguments.has("repair") && !is_restart ? OpenRun::Damage::repaired : OpenRun::Damage::refused);
  if (run == nullptr) {
    fmt::print("{}all of {} is done\n", is_restart ? "" : "nothing to do: ", read_run_facts(run_dir).run);
    return {};
  }
  warn_of_misfits(*run, workers);
  const RunFacts& facts = run->facts();
  const AllocationEnd allocation = allocation_end_from(arguments, facts.reserve, now());
  const EarlierRuns earlier = read_earlier_runs(std::filesystem::path(run_dir).parent_path().string(), facts);
  if (!earlier.left_out.empty()) fmt::print(stderr, "fugle: {}\n", earlier.left_out);
  RunPlan plan = make_run_plan(run->state(), workers.machine,
                               known_durations(run->graph(), earlier.durations, run->durations_so_far()),
                               planning_of_next_life(arguments, facts), allocation);
  return {std::move(run), std::move(plan), 0};
}

}  // namespace fugle::app
