// A run that is to begin when others have ended, and only if they ended as wanted: `fugle submit B.yaml --after A:ok`,
// and `triggers: [{run: A, state: ok}]`. Slurm is told to start B's job when the jobs of A have ended, however
// (afterany). Whether A ended as wanted is then read in A's own files by B itself: a chain of jobs, a requeue, a run
// that is done although its job failed are things that Slurm does not know. So B never stays pending for ever.
//
// What is waited for is kept in after.json of B's run directory. Once B has begun it is not looked at again.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/arguments.hpp"
#include "report/run_condition.hpp"
#include "workflow/triggers.hpp"

namespace fugle::app {

struct AfterRun {
  std::string run;      ///< id
  std::string run_dir;  ///< absolute
  workflow::RunEnd wanted = workflow::RunEnd::ok;
};

/// Adds --after.
void add_after_option(boost::program_options::options_description& options);
/// Those of --after and of `triggers`: all have to end as wanted. A name of a workflow means its newest run in
/// `runs_dir`. Throws UsageError where there is no such run.
[[nodiscard]] std::vector<AfterRun> after_runs_from(const Arguments& arguments, const workflow::Triggers& triggers,
                                                    const std::string& runs_dir);

/// after.json of the run that waits. Throws EnvironmentError.
void write_after_runs(const std::string& run_dir, const std::vector<AfterRun>& after);
[[nodiscard]] std::vector<AfterRun> read_after_runs(const std::string& run_dir);

/// "--dependency=afterany:12:13", of all jobs that those runs were given; empty: there are none.
[[nodiscard]] std::string dependency_option(const std::vector<AfterRun>& after);

/// Of the run that is waited for.
struct OtherRun {
  report::RunCondition condition = report::RunCondition::running;
  bool had_jobs = false;                          ///< it was ever given a Slurm job
  std::optional<std::vector<std::string>> alive;  ///< jobs that wait or run; nothing: Slurm does not say
};

enum class AfterVerdict : std::uint8_t {
  go,       ///< it ended as wanted
  never,    ///< it ended otherwise, or will not end by itself
  wait,     ///< it goes on
  unknown,  ///< Slurm does not say whether it goes on
};
[[nodiscard]] AfterVerdict judge(const OtherRun& other, workflow::RunEnd wanted);

/// To be called before a life of `run_dir` begins. Nothing: it may begin. Else the exit code to leave with: the run was
/// recorded as cancelled with the reason (1), or this job has asked for a next one that waits on (4). Outside of a job
/// it waits here.
[[nodiscard]] std::optional<int> wait_for_other_runs(const std::string& run_dir);

/// The same for `fugle run --after`, whose run does not exist yet.
[[nodiscard]] std::optional<int> wait_for_other_runs(const std::vector<AfterRun>& after);

}  // namespace fugle::app
