// fugle cancel [RUN] [E]: drops a command for the living head and waits until it was taken.
#include <fmt/format.h>

#include <filesystem>

#include "app/arguments.hpp"
#include "app/command_table.hpp"
#include "app/control.hpp"
#include "app/find_run.hpp"
#include "app/jobs.hpp"
#include "app/run_directory.hpp"
#include "app/stored_run.hpp"
#include "base/error.hpp"
#include "base/printable.hpp"
#include "base/text.hpp"
#include "slurm/run_command.hpp"
#include "store/run_lock.hpp"

namespace fugle::app {
namespace {

void expect_unfinished(const StoredRun& run, const std::string& name) {
  const ElementId element = find_element(run.graph(), run.facts().run, name);
  const scheduler::State state = run.state().state(element);
  if (scheduler::is_final(state))
    throw UsageError(fmt::format("{} is {} already (only what has not ended can be cancelled); see 'fugle why {} {}'",
                                 name, scheduler::name_of(state), run.facts().run, quote_for_shell(name)));
}

/// Jobs that the run still waits for; those that could be taken back.
std::vector<std::string> take_back_jobs(const std::string& run_dir) {
  const std::vector<std::string> jobs = waiting_jobs(read_jobs(run_dir));
  if (jobs.empty()) return {};
  std::vector<std::string> command{"scancel"};
  command.insert(command.end(), jobs.begin(), jobs.end());
  const slurm::Answer answer = slurm::run_command(command, std::chrono::seconds(30));
  if (!answer.is_good()) {
    fmt::print(stderr, "{}", printable(answer.complaint));
    throw EnvironmentError(fmt::format("scancel did not take back {} (exit {}); try again: {}", join(jobs, " "),
                                       answer.exit_code, join(command, " ")));
  }
  for (const std::string& job : jobs) append_job(run_dir, {job, "", RunJob::Kind::cancelled, now(), ""});
  return jobs;
}

/// Of a run that nobody holds. Its exit code.
int cancel_queued(const std::string& run_dir, const std::string& run, const std::string& element) {
  const bool is_queued = !waiting_jobs(read_jobs(run_dir)).empty();
  if (is_queued && !element.empty()) {
    fmt::print(stderr,
               "fugle: run {0} is queued (only a running one takes commands for an element); "
               "'fugle cancel {0}' takes its job back\n",
               run);
    return static_cast<int>(ExitCode::failed);
  }
  const auto jobs = take_back_jobs(run_dir);
  if (jobs.empty()) {
    fmt::print(stderr, "fugle: run {} is not running (nobody holds it); 'fugle status {}' says how it ended\n", run,
               run);
    return static_cast<int>(ExitCode::failed);
  }
  fmt::print("cancelled {} {} of {}; give it another with: fugle submit --resume {}\n",
             jobs.size() == 1 ? "job" : "jobs", join(jobs, " "), run, run);
  return 0;
}

}  // namespace

int cancel_verb(const Args& args) {
  Usage usage("cancel", "[RUN] [E]", "Stops a run, or one element of it. What has ended stays; resume continues.", 0,
              2);
  add_runs_dir_option(usage.options);
  const auto arguments = parse_arguments(usage, args);
  if (!arguments) return 0;
  const auto [run_dir, element] = find_run_and_element(runs_dir_from(*arguments), arguments->words);
  expect_control(run_dir);
  const std::string run = std::filesystem::path(run_dir).filename().string();
  if (!store::find_lock_holder(run_dir)) return cancel_queued(run_dir, run, element);
  if (!element.empty()) expect_unfinished(StoredRun(run_dir), element);
  const std::string path = drop_command(run_dir, {"cancel", element, fmt::format("{}@{}", user_name(), host_name())});
  if (wait_until_taken(run_dir, path) == Taken::no_head) {
    std::filesystem::remove(path);
    fmt::print(stderr, "fugle: run {} has just ended; 'fugle status {}' says how\n", run, run);
    return static_cast<int>(ExitCode::failed);
  }
  if (element.empty()) (void)take_back_jobs(run_dir);
  fmt::print("cancelling {}; continue it with: fugle resume {}\n", element.empty() ? run : element, run);
  return 0;
}

}  // namespace fugle::app
