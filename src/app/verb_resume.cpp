// fugle resume [RUN]: the same run goes on: unfinished and failed elements, nothing that is OK. Safe to repeat.
#include <fmt/format.h>

#include <filesystem>

#include "app/after_run.hpp"
#include "app/arguments.hpp"
#include "app/command_table.hpp"
#include "app/continue_run.hpp"
#include "app/edited_file.hpp"
#include "app/find_run.hpp"
#include "app/front_end.hpp"
#include "app/life_in_job.hpp"
#include "app/other_runs.hpp"
#include "app/placement_options.hpp"
#include "app/planning_options.hpp"
#include "app/rank_loop.hpp"
#include "app/requeue.hpp"
#include "app/secrets.hpp"
#include "app/select_option.hpp"
#include "app/stored_run.hpp"
#include "app/supervise.hpp"
#include "app/surroundings.hpp"
#include "base/error.hpp"
#include "slurm/job.hpp"

namespace fugle::app {
namespace {

/// Where nothing else is asked for, a run goes on as it was started.
Placement placement_of_resume(const Arguments& arguments, const std::string& run_dir) {
  Placement placement = placement_from(arguments);
  const bool says_nothing = !arguments.has("ranks") && !arguments.has("local") && !arguments.has("jobs");
  if (says_nothing) placement = inherit(placement, read_run_facts(run_dir).placement);
  return placement;
}

/// Here, where nothing has begun: who works as a guest of another head needs them too.
void expect_secrets(const std::string& run_dir, const Arguments& arguments, const Placement& placement) {
  if (!is_front_end(placement) && !is_rank_0()) return;
  const RunFacts facts = read_run_facts(run_dir);
  const std::string file = secrets_file_from(arguments);
  (void)secrets_of_run(facts.rules.secrets, file.empty() ? facts.secrets_file : file);
}

/// Taken by the process that starts the life; who joins one that another process leads has none of its own.
TurnAnswer turn_of_resume(const std::string& run_dir, const Arguments& arguments, const Placement& placement) {
  const bool starts_life = is_front_end(placement) || (is_rank_0() && !was_started_by_front_end());
  if (!starts_life || arguments.has("join")) return {};
  const std::filesystem::path path = std::filesystem::absolute(run_dir).lexically_normal();
  return take_turn(read_run_facts(run_dir).rules.concurrency, path.parent_path().string(), path.filename().string());
}

/// A restart by itself, and a job that goes on by itself, are nobody's wish to try again what failed.
bool is_asked_to_retry(const Arguments& arguments) {
  if (!continued_run(arguments).empty()) return false;
  if (!arguments.has("requeue") && !arguments.has("join")) return true;
  const auto job = slurm::job_around_us();
  return arguments.has("retry-failed") && (!job || job->restart_count == 0);
}

/// Nobody is asked by what goes on by itself.
void look_at_edits(const Arguments& arguments, const std::string& run_dir) {
  const bool is_asked =
      continued_run(arguments).empty() && !arguments.has("requeue") && !arguments.has("join") && !look_around().is_rank;
  if (!is_asked || arguments.has("accept") || warn_of_edits(run_dir) != EditedFile::other_shape) return;
  throw UsageError(
      fmt::format("the workflow has other elements now, or these need others; 'fugle resume {} --accept' goes on with "
                  "what it was, 'fugle run FILE' runs what it is",
                  std::filesystem::path(run_dir).filename().string()));
}

}  // namespace

int resume_verb(const Args& args) {
  Usage usage("resume", "[RUN]", "Continues a run: unfinished and failed elements, nothing that is OK.", 0, 1);
  add_placement_options(usage.options);
  add_select_option(usage.options);
  add_planning_options(usage.options);
  add_walltime_options(usage.options);
  add_runs_dir_option(usage.options);
  add_restart_option(usage.options);
  add_requeue_option(usage.options);
  add_secrets_option(usage.options);
  usage.options.add_options()("repair",
                              "first make a damaged journal sound; what it no longer says to be done runs again");
  usage.options.add_options()("retry-failed",
                              "try elements again that had failed: as always, but where --requeue says that nobody is "
                              "asking; not in a requeued job");
  usage.options.add_options()("join",
                              "work on the run together with others that say this too, in other jobs or on other "
                              "machines that see the run directory: who comes first leads");
  add_hidden_life_options(usage.hidden);
  usage.options.add_options()("accept", "go on with the workflow as it was, though its file has other elements now");
  usage.options.add_options()("fail-fast", "stop the run at the first failure");
  const auto arguments = parse_arguments(usage, args);
  if (!arguments) return 0;
  (void)planning_options_from(*arguments);
  (void)select_patterns_from(*arguments);
  const AllocationEnd allocation =
      allocation_end_from(*arguments, std::nullopt, now());  // mistakes are told here, once
  const std::string run_dir =
      find_run(runs_dir_from(*arguments), arguments->words.empty() ? "" : arguments->words.front());
  if (continued_run(*arguments).empty() && !look_around().is_rank)
    if (const auto exit_code = wait_for_other_runs(run_dir)) return *exit_code;
  look_at_edits(*arguments, run_dir);
  const Placement placement = placement_of_resume(*arguments, run_dir);

  expect_secrets(run_dir, *arguments, placement);

  const TurnAnswer turn = turn_of_resume(run_dir, *arguments, placement);
  if (turn.exit_code) return *turn.exit_code;

  RankOptions options = rank_options(*arguments, placement);
  options.fail_fast = arguments->has("fail-fast");
  options.requeue = requeue_from(*arguments);
  options.has_walltime = arguments->has("walltime") || arguments->has("ends-at");
  if (is_front_end(placement)) {
    Args rank_args = args;
    if (arguments->words.empty()) rank_args.push_back(run_dir);  // the newest may be another one by then
    return supervise(placement, *arguments,
                     {"resume",
                      rank_args,
                      arguments->has("walltime") ? allocation.end : kNever,
                      true,
                      {},
                      runs_dir_from(*arguments),
                      options.requeue});
  }
  options.retry_failed = is_asked_to_retry(*arguments);
  if (arguments->has("join")) options.campaign_dir = std::filesystem::absolute(run_dir).string();
  options.latest_end = allocation.end;
  options.may_tell = !read_run_facts(run_dir).rules.notices.empty();
  options.secrets_file = secrets_file_from(*arguments);
  return run_rank(options, [&](const Workers& workers) { return continue_run(run_dir, *arguments, workers); });
}

}  // namespace fugle::app
