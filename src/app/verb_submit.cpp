// fugle submit FILE: the run is made now, and Slurm is asked for a job that carries it out.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "app/access.hpp"
#include "app/after_run.hpp"
#include "app/arguments.hpp"
#include "app/command_table.hpp"
#include "app/event_book.hpp"
#include "app/find_run.hpp"
#include "app/job_view.hpp"
#include "app/jobs.hpp"
#include "app/load_workflow.hpp"
#include "app/notices.hpp"
#include "app/other_runs.hpp"
#include "app/planning_options.hpp"
#include "app/read_durations.hpp"
#include "app/schedule_book.hpp"
#include "app/secrets.hpp"
#include "app/stored_run.hpp"
#include "app/select_option.hpp"
#include "app/submit_run.hpp"
#include "app/submit_size.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "store/run_lock.hpp"
#include "workflow/scalar.hpp"

namespace fugle::app {
namespace {

namespace po = boost::program_options;
using workflow::SlurmRequest;

constexpr std::uint32_t kMostJobs = 1000;

void add_submit_options(Usage& usage) {
  po::options_description job("What Slurm is asked for (else as 'slurm' in FILE says)");
  auto add = job.add_options();
  add("nodes,N", po::value<std::uint32_t>()->value_name("N"), "nodes");
  add("time,t", po::value<std::string>()->value_name("TIME"), "walltime, e.g. 4h or 4:00:00");
  add("partition", po::value<std::string>()->value_name("NAME"), "the queue");
  add("account,A", po::value<std::string>()->value_name("NAME"), "who pays");
  add("qos", po::value<std::string>()->value_name("NAME"), "quality of service");
  add("constraint,C", po::value<std::string>()->value_name("LIST"), "features of the nodes");
  add("gpus-per-node", po::value<std::uint32_t>()->value_name("N"), "GPUs of each node");
  add("auto", "nodes and time by the plan and what earlier runs took");
  add("jobs", po::value<std::uint32_t>()->value_name("N"), "so many jobs of that size that share the run");
  add("chain", "when the time is over: a new job, where otherwise the same one is requeued");
  add("hold", "the job waits until 'scontrol release JOB'");
  add("resume", po::value<std::string>()->value_name("RUN"), "another job for a run there is; failed elements again");
  add("fail-fast", "stop the run at the first failure");
  add("dry-run", "show script and command; nothing is made or submitted");
  add("event", po::value<std::string>()->value_name("ID"),
      "what this run is for; the same ID a second time is refused");
  add("now", "a run now, where FILE has a schedule");
  add("unschedule", "take the schedule of FILE back");
  usage.options.add(job);
}

/// What the shortcuts say is put over the file.
void put_options_over(const Arguments& arguments, SlurmRequest& request) {
  const auto word = [&](const char* option, std::string& into) {
    if (!arguments.has(option)) return;
    into = arguments.get<std::string>(option);
    if (!workflow::is_slurm_word(into))
      throw UsageError(
          fmt::format("--{} '{}' is no word of Slurm (it is empty or has blanks); correct it", option, into));
  };
  word("partition", request.partition);
  word("account", request.account);
  word("qos", request.qos);
  word("constraint", request.constraint);
  if (arguments.has("nodes")) request.nodes = arguments.get<std::uint32_t>("nodes");
  if (arguments.has("nodes") && request.nodes == 0) throw UsageError("--nodes 0 can run nothing; try --nodes 1");
  if (arguments.has("gpus-per-node")) request.gpus_per_node = arguments.get<std::uint32_t>("gpus-per-node");
  if (!arguments.has("time")) return;
  const std::string& text = arguments.get<std::string>("time");
  workflow::Diagnostics diagnostics("command line");
  const auto time = workflow::parse_duration(text, {}, diagnostics);
  if (!time) throw UsageError(fmt::format("--time {}: {}", text, diagnostics.all().front().text));
  request.time = *time;
}

struct Asked {
  const Arguments& arguments;
  const Args& passed;  ///< after "--"
  std::string runs_dir;
  bool is_dry = false;
  std::uint32_t num_jobs = 1;
};

/// Request and one-shot options of all there is: the file, then shortcuts, then what stands after "--".
std::vector<std::string> complete(const Asked& asked, SlurmRequest& request) {
  std::vector<std::string> once = sort_extra(request);
  put_options_over(asked.arguments, request);
  const auto more = take_sbatch_words(asked.passed, request);
  once.insert(once.end(), more.begin(), more.end());
  if (asked.arguments.has("hold") && std::ranges::find(once, "--hold") == once.end()) once.emplace_back("--hold");
  return once;
}

JobRequest job_request(const Asked& asked, const RunFacts& facts, const std::string& run_dir,
                       std::vector<std::string> once) {
  JobRequest job;
  job.script.program = path_of_program();
  job.script.run = facts.run;
  job.script.run_dir = run_dir;
  job.script.workflow = facts.workflow;
  job.script.file = facts.file;
  job.script.submit_dir = facts.submit_dir;
  job.script.request = facts.slurm;
  const bool is_chain = asked.arguments.has("chain");
  job.script.requeue = facts.slurm.requeue == workflow::Requeue::never && !is_chain ? "never"
                       : is_chain                                                   ? "chain"
                                                                                    : "auto";
  if (asked.arguments.has("fail-fast")) job.script.resume_options.emplace_back("--fail-fast");
  if (asked.num_jobs > 1) job.script.resume_options.emplace_back("--join");
  job.once = std::move(once);
  job.num_jobs = asked.num_jobs;
  return job;
}

void say_next(const std::string& run, const std::vector<std::string>& jobs) {
  fmt::print("{}: {} {}\n", run, jobs.size() == 1 ? "job" : "jobs", join(jobs, " "));
  fmt::print("  fugle status {0}\n  fugle logs -f {0}\n  fugle cancel {0}\n", jobs.front());
}

void print_dry(const JobRequest& job) {
  fmt::print("{}\n# {}{}\n", text_of(job.script), sbatch_line(job),
             job.num_jobs > 1 ? fmt::format("   ({} times)", job.num_jobs) : "");
}

RunFacts facts_of(const Loaded& loaded, const LoadOptions& load, const Asked& asked, const Args& args) {
  RunFacts facts;
  facts.created = std::chrono::system_clock::now();
  facts.workflow = loaded.workflow.name;
  facts.run = loaded.run_id;
  facts.file = load.file;
  facts.source = loaded.source;
  facts.params = load.params;
  facts.values = loaded.values;
  facts.submit_dir = load.directory;
  facts.host = host_name();
  facts.user = user_name();
  facts.pid = getpid();
  facts.argv = args;
  facts.argv.insert(facts.argv.begin(), {"fugle", "submit"});
  facts.planning = planning_options_from(asked.arguments);
  facts.reserve = loaded.reserve;
  facts.access = access_from(asked.arguments);
  facts.select = select_patterns_from(asked.arguments);
  (void)select_and_say(loaded.graph, facts.select);
  return facts;
}

void apply_auto(const Asked& asked, const Loaded& loaded, const RunFacts& facts, const std::vector<NodeGroup>& groups,
                SlurmRequest& request) {
  const EarlierRuns earlier = read_earlier_runs(asked.runs_dir, facts);
  if (!earlier.left_out.empty()) fmt::print(stderr, "fugle: {}\n", earlier.left_out);
  const ChosenSize size =
      choose_size(loaded, request, groups, plan::known_durations(loaded.graph, earlier.durations, {}), facts.planning);
  request.nodes = size.nodes;
  if (request.time == Duration{0}) request.time = size.time;
  for (const std::string_view line : split(size.why, '\n'))
    if (!line.empty()) fmt::print(stderr, "--auto: {}\n", line);
}

/// Whether FILE is to run at times, rather than now.
bool is_for_later(const Asked& asked, const Loaded& loaded) {
  if (asked.arguments.has("event") || asked.arguments.has("now") || asked.is_dry) return false;
  return !loaded.workflow.triggers.schedules.empty();
}

int schedule_file(const Asked& asked, const Loaded& loaded, const RunFacts& facts, const Args& args) {
  if (facts.file == "-") throw UsageError("standard input can not be read again at each time; write it to a file");
  Schedule schedule;
  schedule.workflow = facts.workflow;
  schedule.file = std::filesystem::absolute(facts.file).lexically_normal().string();
  schedule.submit_dir = facts.submit_dir;
  schedule.runs_dir = asked.runs_dir;
  schedule.submit = args;
  schedule.link_options = link_options_of(facts.slurm);
  schedule.triggers = loaded.workflow.triggers.schedules;
  install_schedule(std::move(schedule), now());
  return 0;
}

/// Nothing was submitted: as if nothing had been.
void remove_run(const std::string& run_dir) {
  std::error_code ignored;
  std::filesystem::remove_all(run_dir, ignored);
}

int submit_file(const Asked& asked, const Args& args) {
  LoadOptions load = load_options_from(asked.arguments);
  load.runs_dir = asked.runs_dir;
  const auto loaded = load_workflow(load);
  if (!loaded) return static_cast<int>(ExitCode::usage);
  RunFacts facts = facts_of(*loaded, load, asked, args);
  facts.slurm = loaded->slurm;
  facts.table = loaded->workflow.report;
  facts.rules = loaded->rules;
  if (facts.rules.deadline_at) facts.deadline_at = next_time_of_day(*facts.rules.deadline_at, facts.created);
  facts.secrets_file = load.secrets_file;
  facts.argv = masked(std::move(facts.argv), find_secrets(facts.rules.secrets, facts.secrets_file).secrets);
  std::vector<std::string> once = complete(asked, facts.slurm);
  if (is_for_later(asked, *loaded)) return schedule_file(asked, *loaded, facts, args);
  const std::vector<AfterRun> after = after_runs_from(asked.arguments, loaded->workflow.triggers, asked.runs_dir);
  if (const std::string dependency = dependency_option(after); !dependency.empty()) once.push_back(dependency);
  const auto groups = groups_of(ask_for_partitions(), facts.slurm.partition);
  if (!fits_partition(*loaded, facts.slurm, groups)) return static_cast<int>(ExitCode::usage);
  if (asked.arguments.has("auto")) apply_auto(asked, *loaded, facts, groups, facts.slurm);
  // Where nobody says how many, as many as the largest element has.
  if (facts.slurm.nodes == 0 && largest_nodes(loaded->graph) > 1) facts.slurm.nodes = largest_nodes(loaded->graph);

  if (!asked.is_dry) {
    const auto queue = queue_option(facts.rules.concurrency, asked.runs_dir);
    if (!queue) return 0;
    if (!queue->empty()) once.push_back(*queue);
    if (queue->empty()) refuse_shared_outputs(asked.runs_dir, facts.run, loaded->graph);
  }

  const bool has_event = asked.arguments.has("event") && !asked.is_dry;
  const std::string event = has_event ? asked.arguments.get<std::string>("event") : "";
  if (has_event) EventBook(asked.runs_dir).claim(facts.workflow, event, now());
  const std::string run_dir = asked.is_dry ? fmt::format("{}/{}", asked.runs_dir, facts.run)
                                           : make_waiting_run(asked.runs_dir, facts, loaded->graph, loaded->kept);
  JobRequest job = job_request(asked, facts, run_dir, std::move(once));
  job.script.cores_per_node = largest_cores(loaded->graph);
  if (asked.is_dry) {
    print_dry(job);
    return 0;
  }
  try {
    if (!after.empty()) write_after_runs(run_dir, after);
    say_next(facts.run, submit_jobs(job, now()));
  } catch (const Error& problem) {
    remove_run(run_dir);
    if (has_event) EventBook(asked.runs_dir).give_back(facts.workflow, event, problem.what());
    throw;
  }
  if (has_event) EventBook(asked.runs_dir).settle(facts.workflow, event, facts.run);
  return 0;
}

void refuse_if_on_its_way(const std::string& run_dir, const std::string& run) {
  if (store::find_lock_holder(run_dir))
    throw ConflictError(fmt::format("run {0} is running (a head holds it); 'fugle status {0}' shows it", run));
  for (const std::string& id : waiting_jobs(read_jobs(run_dir)))
    if (is_on_its_way(ask_about_jobs({id}), id))
      throw ConflictError(fmt::format("run {0} waits in job {1} already; 'fugle cancel {0}' takes that back", run, id));
}

int submit_again(const Asked& asked) {
  if (!asked.arguments.words.empty() || asked.arguments.has("lines"))
    throw UsageError("--resume names the run (its workflow is known); leave the file out");
  const std::string run_dir = find_run(asked.runs_dir, asked.arguments.get<std::string>("resume"));
  expect_own(run_dir);
  RunFacts facts = read_run_facts(run_dir);
  refuse_if_on_its_way(run_dir, facts.run);
  const StoredRun stored(run_dir);
  if (stored.condition() == report::RunCondition::ok) {
    fmt::print("nothing to do: all of {} is done\n", facts.run);
    return 0;
  }
  std::vector<std::string> once = complete(asked, facts.slurm);
  JobRequest job = job_request(asked, facts, run_dir, std::move(once));
  job.script.cores_per_node = largest_cores(stored.graph());
  job.script.resume_options.emplace_back("--retry-failed");
  if (asked.is_dry)
    print_dry(job);
  else
    say_next(facts.run, submit_jobs(job, now()));
  return 0;
}

}  // namespace

int submit_verb(const Args& args) {
  Usage usage("submit", "[FILE] [-- OPTIONS OF SBATCH]",
              "Makes a run and submits a Slurm job that carries it out: fugle, one rank on each node.", 0, 1);
  add_submit_options(usage);
  add_load_options(usage.options);
  add_select_option(usage.options);
  add_planning_options(usage.options);
  add_runs_dir_option(usage.options);
  add_group_option(usage.options);
  add_after_option(usage.options);
  add_driver_words(usage);
  auto arguments = parse_arguments(usage, args);
  if (!arguments) return 0;
  // With --from sbatch the driver stands there.
  const bool has_driver = arguments->has("from") && arguments->get<std::string>("from") == "sbatch";
  const Args passed = has_driver ? Args{} : std::exchange(arguments->rest, {});
  Asked asked{*arguments, passed, runs_dir_from(*arguments), arguments->has("dry-run")};
  if (arguments->has("jobs")) asked.num_jobs = arguments->get<std::uint32_t>("jobs");
  if (asked.num_jobs == 0 || asked.num_jobs > kMostJobs)
    throw UsageError(fmt::format("--jobs {} is not in 1..{}; correct it", asked.num_jobs, kMostJobs));
  if (arguments->has("unschedule")) {
    const LoadOptions load = load_options_from(*arguments);
    remove_schedule(asked.runs_dir, std::filesystem::absolute(load.file).lexically_normal().string());
    return 0;
  }
  return arguments->has("resume") ? submit_again(asked) : submit_file(asked, args);
}

}  // namespace fugle::app
