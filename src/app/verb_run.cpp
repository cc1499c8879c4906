// fugle run FILE: the whole graph, here: in one process, over the ranks of the mpirun around us, or (-n N) over ranks
// of an mpirun that it starts itself.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "app/access.hpp"
#include "app/after_run.hpp"
#include "app/arguments.hpp"
#include "app/command_table.hpp"
#include "app/continue_run.hpp"
#include "app/find_run.hpp"
#include "app/fit_check.hpp"
#include "app/front_end.hpp"
#include "app/jobs.hpp"
#include "app/launcher_check.hpp"
#include "app/life_in_job.hpp"
#include "app/load_workflow.hpp"
#include "app/mistakes.hpp"
#include "app/notices.hpp"
#include "app/only_element.hpp"
#include "app/other_runs.hpp"
#include "app/placement_options.hpp"
#include "app/planning_options.hpp"
#include "app/plugin_check.hpp"
#include "app/rank_loop.hpp"
#include "app/read_durations.hpp"
#include "app/requeue.hpp"
#include "app/secrets.hpp"
#include "app/select_option.hpp"
#include "app/stored_run.hpp"
#include "app/supervise.hpp"
#include "app/surroundings.hpp"
#include "base/error.hpp"

namespace fugle::app {
namespace {

struct Asked {
  LoadOptions load;
  Placement placement;
  plan::PlanOptions planning;
  Access access;
  bool keeps_journal = true;
  std::vector<std::string> select;
  std::string only{};  ///< an element; empty: all of the graph
};

/// What there is to run of the file.
std::optional<Loaded> load(const Asked& asked) {
  auto loaded = load_workflow(asked.load);
  if (loaded && !asked.only.empty()) loaded->graph = only_element(loaded->graph, asked.only);
  return loaded;
}

RunFacts facts_of(const Loaded& loaded, const Asked& asked, const Args& args) {
  RunFacts facts;
  facts.created = std::chrono::system_clock::now();
  facts.workflow = loaded.workflow.name;
  facts.run = loaded.run_id;
  facts.file = asked.load.file;
  facts.source = loaded.source;
  facts.params = asked.load.params;
  facts.values = loaded.values;
  facts.submit_dir = asked.load.directory;
  facts.host = host_name();
  facts.user = user_name();
  facts.pid = getpid();
  facts.argv = args;
  facts.argv.insert(facts.argv.begin(), {"fugle", "run"});
  facts.placement = asked.placement;
  facts.planning = asked.planning;
  facts.reserve = loaded.reserve;
  facts.slurm = loaded.slurm;
  facts.table = loaded.workflow.report;
  facts.rules = loaded.rules;
  if (facts.rules.deadline_at) facts.deadline_at = next_time_of_day(*facts.rules.deadline_at, facts.created);
  facts.secrets_file = asked.load.secrets_file;
  facts.argv = masked(std::move(facts.argv), find_secrets(facts.rules.secrets, facts.secrets_file).secrets);
  facts.access = asked.access;
  facts.keeps_journal = asked.keeps_journal;
  facts.select = asked.select;
  return facts;
}

/// What is done before MPI_Init, since processes are needed for it that a rank can not start later.
struct EarlyLoad {
  bool is_done = false;
  std::optional<Loaded> loaded;                                ///< nothing: its mistakes have been printed
  std::map<std::string, std::optional<std::string>> problems;  ///< by function of a plugin; see PluginTrial
  std::optional<std::uint64_t> max_steps;                      ///< nothing: not known, or the front-end looked at it
};

/// What is thrown comes again, at the place where it is told, when the file is read there.
EarlyLoad load_early(const Asked& asked) {
  EarlyLoad early;
  try {
    early.loaded = load(asked);
  } catch (const Error&) {
    return early;
  }
  early.is_done = true;
  if (!early.loaded) return early;
  workflow::Diagnostics ignored(early.loaded->workflow.file);
  const auto note = [&early](const std::string& function) { return early.problems[function] = try_plugin(function); };
  check_plugins(early.loaded->graph, nullptr, note, elements_per_task(early.loaded->graph), ignored);
  if (was_started_by_front_end() && asked.load.file != "-") return early;
  LauncherQuestion launchers = launcher_question_here(early.loaded->graph, nullptr, look_around().job.has_value());
  launchers.max_steps = [&early, ask = launchers.max_steps] { return early.max_steps = ask(); };
  check_launchers(launchers, elements_per_task(early.loaded->graph), ignored);
  return early;
}

/// False after E302 was printed: nothing was started. `early` says what only a process that may fork can ask.
bool fits(const Loaded& loaded, const Workers& workers, const EarlyLoad& early, const PluginTrial& trial,
          const std::vector<bool>& left_out) {
  workflow::Diagnostics diagnostics(loaded.workflow.file);
  const std::vector<std::uint32_t> num_elements = elements_per_task(loaded.graph, left_out);
  check_fit({loaded.graph, &loaded.workflow, workers, Misfit::reported, free_scratch_here, loaded.slurm.nodes},
            num_elements, diagnostics);
  LauncherQuestion launchers = launcher_question_here(loaded.graph, &loaded.workflow, look_around().job.has_value());
  launchers.max_steps = [&early] { return early.max_steps; };  // no process may be started from a rank
  check_launchers(launchers, num_elements, diagnostics);
  check_plugins(loaded.graph, &loaded.workflow, trial, num_elements, diagnostics);
  print_mistakes(diagnostics);
  return !diagnostics.has_errors();
}

/// The file as the front-end looks at it, before any rank exists. False after mistakes were printed.
bool is_good_file(const Asked& asked, workflow::RunRules& rules) {
  const auto loaded = load(asked);
  if (!loaded) return false;
  rules = loaded->rules;
  const graph::Selection selection = graph::select_elements(loaded->graph, asked.select);
  const std::vector<std::uint32_t> num_elements = elements_per_task(loaded->graph, selection.left_out);
  workflow::Diagnostics diagnostics(loaded->workflow.file);
  check_launchers(launcher_question_here(loaded->graph, &loaded->workflow, look_around().job.has_value()), num_elements,
                  diagnostics);
  check_plugins(loaded->graph, &loaded->workflow, try_plugin, num_elements, diagnostics);
  print_mistakes(diagnostics);
  return !diagnostics.has_errors();
}

Opening open_run(const Asked& asked, const Arguments& arguments, const Args& args, const Workers& workers,
                 EarlyLoad& early) {
  if (!std::exchange(early.is_done, false)) early.loaded = load(asked);
  auto& loaded = early.loaded;
  const auto trial = [&early](const std::string& function) { return early.problems[function]; };
  if (!loaded) return {nullptr, {}, static_cast<int>(ExitCode::usage)};
  graph::Selection selection = select_and_say(loaded->graph, asked.select);
  if (!fits(*loaded, workers, early, trial, selection.left_out))
    return {nullptr, {}, static_cast<int>(ExitCode::usage)};
  RunFacts facts = facts_of(*loaded, asked, args);
  const AllocationEnd allocation = allocation_end_from(arguments, facts.reserve, now());
  const std::string runs_dir = runs_dir_from(arguments);
  const EarlierRuns earlier = read_earlier_runs(runs_dir, facts);
  if (!earlier.left_out.empty()) fmt::print(stderr, "fugle: {}\n", earlier.left_out);
  auto run = OpenRun::create(runs_dir, std::move(facts), std::move(loaded->graph), loaded->kept);
  RunPlan plan = make_run_plan(run->state(), workers.machine, known_durations(run->graph(), earlier.durations, {}),
                               asked.planning, allocation);
  return {std::move(run), std::move(plan), 0, std::move(selection.left_out)};
}

/// A job that Slurm has requeued runs its script again from the top: the run that it began then is the one that is
/// meant, not another one of the same file. Empty: none.
std::string run_begun_by_this_job(const Asked& asked, const Arguments& arguments) {
  const auto job = look_around().job;
  if (!job || job->restart_count == 0 || asked.load.file == "-" || !asked.keeps_journal) return {};
  for (const std::string& run_dir : list_runs(runs_dir_from(arguments))) {
    const auto jobs = read_jobs(run_dir);
    const bool is_of_job =
        std::any_of(jobs.begin(), jobs.end(), [&](const RunJob& known) { return known.job == job->id; });
    if (!is_of_job) continue;
    const RunFacts facts = read_run_facts(run_dir);
    if (facts.file != asked.load.file || facts.submit_dir != asked.load.directory || facts.params != asked.load.params)
      continue;
    if (facts.select != asked.select) continue;
    fmt::print(stderr, "fugle: job {} was requeued: {} goes on\n", job->id, facts.run);
    return run_dir;
  }
  return {};
}

}  // namespace

int run_verb(const Args& args) {
  Usage usage("run", "[FILE]", "Runs a workflow; what has finished is never lost: fugle resume continues.", 0, 1);
  add_load_options(usage.options);
  add_select_option(usage.options);
  add_only_options(usage.options);
  add_driver_words(usage);
  add_placement_options(usage.options);
  add_planning_options(usage.options);
  add_walltime_options(usage.options);
  add_runs_dir_option(usage.options);
  add_restart_option(usage.options);
  add_requeue_option(usage.options);
  add_journal_option(usage.options);
  add_group_option(usage.options);
  add_after_option(usage.options);
  add_hidden_life_options(usage.hidden);
  usage.options.add_options()("fail-fast", "stop the run at the first failure");
  const auto arguments = parse_arguments(usage, args);
  if (!arguments) return 0;
  if (continued_run(*arguments).empty() && !look_around().is_rank)
    if (const auto exit_code = wait_for_other_runs(after_runs_from(*arguments, {}, runs_dir_from(*arguments))))
      return *exit_code;
  Asked asked{load_options_from(*arguments), placement_from(*arguments), planning_options_from(*arguments),
              access_from(*arguments),       keeps_journal(*arguments),  select_patterns_from(*arguments)};
  asked.load.runs_dir = runs_dir_from(*arguments);
  asked.only = only_from(*arguments);
  if (arguments->has("attach")) {
    const auto loaded = load_workflow(asked.load);
    if (!loaded) return static_cast<int>(ExitCode::usage);
    attach_to_element(loaded->graph, asked.only);
  }
  const AllocationEnd allocation =
      allocation_end_from(*arguments, std::nullopt, now());  // mistakes are told here, once

  RankOptions options = rank_options(*arguments, asked.placement);
  options.fail_fast = arguments->has("fail-fast");
  options.requeue = requeue_from(*arguments);
  options.has_walltime = arguments->has("walltime") || arguments->has("ends-at");
  if (is_front_end(asked.placement)) {
    // Mistakes in the file are told here, once, before any rank exists. Standard input can be read only once.
    workflow::RunRules rules;
    if (asked.load.file != "-" && !is_good_file(asked, rules)) return static_cast<int>(ExitCode::usage);
    const TurnAnswer turn = take_turn(rules.concurrency, asked.load.runs_dir, {}, asked.access);
    if (turn.exit_code) return *turn.exit_code;
    return supervise(
        asked.placement, *arguments,
        {"run", args_for_ranks(args, asked.load), arguments->has("walltime") ? allocation.end : kNever,
         asked.load.file != "-", run_begun_by_this_job(asked, *arguments), runs_dir_from(*arguments), options.requeue});
  }

  EarlyLoad early;
  // A front-end hands on its standard input when rank 0 has joined it, which is later.
  const bool comes_later = was_started_by_front_end() && asked.load.file == "-";
  if (continued_run(*arguments).empty() && is_rank_0() && !comes_later) early = load_early(asked);
  TurnAnswer turn;
  if (early.loaded && !was_started_by_front_end())
    turn = take_turn(early.loaded->rules.concurrency, asked.load.runs_dir, {}, asked.access);
  if (turn.exit_code) return *turn.exit_code;
  options.may_tell = !early.loaded || !early.loaded->rules.notices.empty();
  return run_rank(options, [&](const Workers& workers) {
    std::string earlier_life = continued_run(*arguments);
    if (earlier_life.empty()) earlier_life = run_begun_by_this_job(asked, *arguments);
    return earlier_life.empty() ? open_run(asked, *arguments, args, workers, early)
                                : continue_run(earlier_life, *arguments, workers);
  });
}

}  // namespace fugle::app
