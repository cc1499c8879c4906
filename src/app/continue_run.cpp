#include "app/continue_run.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "app/fit_check.hpp"
#include "app/planning_options.hpp"
#include "app/read_durations.hpp"
#include "app/secrets.hpp"
#include "app/select_option.hpp"
#include "app/stored_run.hpp"
#include "app/supervise.hpp"
#include "app/sweep.hpp"
#include "base/error.hpp"

namespace fugle::app {
namespace {

plan::PlanOptions planning_of_next_life(const Arguments& arguments, const RunFacts& facts) {
  plan::PlanOptions planning = planning_options_from(arguments);
  if (!arguments.has("policy")) planning.policy = facts.planning.policy;
  if (!arguments.has("effort")) planning.effort = facts.planning.effort;
  return planning;
}

/// A person who resumes wants all of the run, unless they say what; a life that begins by itself goes on with what its
/// run was started for.
std::vector<std::string> patterns_of_next_life(const Arguments& arguments, const RunFacts& facts) {
  if (arguments.has("select")) return select_patterns_from(arguments);
  const bool begins_by_itself = !continued_run(arguments).empty() || arguments.has("requeue") || arguments.has("join");
  return begins_by_itself ? facts.select : std::vector<std::string>();
}

/// W09 and W04, for what is still to run.
void warn_of_misfits(const OpenRun& run, const Workers& workers, const std::vector<bool>& left_out) {
  std::vector<std::uint32_t> left(run.graph().num_tasks());
  for (std::uint32_t e = 0; e < run.graph().num_elements(); ++e)
    if (!run.graph().is_gate(ElementId(e)) && !run.state().counts_as_ok(ElementId(e)) &&
        (left_out.empty() || !left_out[e]))
      ++left[run.graph().task_id_of(ElementId(e)).value()];
  workflow::Diagnostics diagnostics(run.facts().file);
  check_fit({run.graph(), nullptr, workers, Misfit::left_out, {}, run.facts().slurm.nodes}, left, diagnostics);
  fmt::print(stderr, "{}", diagnostics.to_text());
}

}  // namespace

Opening continue_run(const std::string& run_dir, const Arguments& arguments, const Workers& workers) {
  const bool is_restart = !continued_run(arguments).empty();
  auto run = OpenRun::reopen(
      run_dir, arguments.has("repair") && !is_restart ? OpenRun::Damage::repaired : OpenRun::Damage::refused,
      secrets_file_from(arguments));
  if (run == nullptr) {
    fmt::print("{}all of {} is done\n", is_restart ? "" : "nothing to do: ", read_run_facts(run_dir).run);
    const StoredRun done(run_dir);
    return {nullptr, {}, done.facts().table.is_wanted() ? judge_sweep(sweep_of(done)) : 0};
  }
  const RunFacts& facts = run->facts();
  graph::Selection selection = select_and_say(run->graph(), patterns_of_next_life(arguments, facts));
  warn_of_misfits(*run, workers, selection.left_out);
  const AllocationEnd allocation = allocation_end_from(arguments, facts.reserve, now());
  const EarlierRuns earlier = read_earlier_runs(std::filesystem::path(run_dir).parent_path().string(), facts);
  if (!earlier.left_out.empty()) fmt::print(stderr, "fugle: {}\n", earlier.left_out);
  RunPlan plan = make_run_plan(run->state(), workers.machine,
                               known_durations(run->graph(), earlier.durations, run->durations_so_far()),
                               planning_of_next_life(arguments, facts), allocation);
  return {std::move(run), std::move(plan), 0, std::move(selection.left_out)};
}

}  // namespace fugle::app
