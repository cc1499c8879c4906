// `fugle run` and `fugle resume` over ranks as the user sees them: a run that comes back by itself when its head dies.
// Each life is an mpirun or srun of its own, inside the same allocation; the journal joins them. Elements that failed
// are not tried again by that (a person who resumes does). When the allocation ends before the run, the next job is
// asked for here, once all ranks have left.
#pragma once

#include <functional>
#include <string>

#include "app/arguments.hpp"
#include "app/requeue.hpp"
#include "app/run_directory.hpp"
#include "base/time.hpp"

namespace fugle::app {

/// --restart-lost K
void add_restart_option(boost::program_options::options_description& options);
/// --journal on|off
void add_journal_option(boost::program_options::options_description& options);
/// Throws UsageError for another word.
[[nodiscard]] bool keeps_journal(const Arguments& arguments);
/// What the front-end tells the ranks and nobody else should: --continues DIR, --ends-at NANOSECONDS.
void add_hidden_life_options(boost::program_options::options_description& hidden);

/// The run directory of which this process is the next life; empty: of none.
[[nodiscard]] std::string continued_run(const Arguments& arguments);

struct Supervised {
  std::string verb;  ///< with `args` less -n N it is what the ranks are started with
  Args args;
  Time end_of_allocation = kNever;
  bool may_start_twice = true;  ///< before there is a run; not when the file was read from standard input
  std::string run_dir;          ///< of a run that this one goes on with; empty: none yet, or `args` say it
  std::string runs_dir;         ///< that all nodes see
  Requeue requeue = Requeue::never;
};

/// Starts the ranks, again and again if need be; returns the exit code of the run.
[[nodiscard]] int supervise(const Placement& placement, const Arguments& arguments, const Supervised& what);

}  // namespace fugle::app
