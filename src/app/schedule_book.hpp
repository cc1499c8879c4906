// Schedules that are installed: one file for each workflow in schedules/ of the runs directory, and what makes them
// fire. Where Slurm has scrontab, that is an entry of it for each schedule, if this machine's clocks show what the
// schedule's do; else a chain of small jobs, each submitted by the one before to begin at the next time (sbatch
// --begin). Whatever fires calls `fugle serve --once FILE`, which may be called at any time and by several: what is due
// since it was called last is submitted, each firing once (event_book.hpp).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/command_table.hpp"
#include "base/time.hpp"
#include "workflow/slurm_request.hpp"
#include "workflow/triggers.hpp"

namespace fugle::app {

struct Schedule {
  std::string workflow;    ///< name
  std::string file;        ///< absolute
  std::string submit_dir;  ///< absolute
  std::string runs_dir;    ///< absolute
  Args submit;             ///< words of fugle submit for each firing
  Args link_options;       ///< of sbatch, for the small jobs
  bool is_in_scrontab = false;
  Time handled{};  ///< firings until then were submitted, or counted as missed
  std::uint64_t num_missed = 0;
  std::string link;                                 ///< job that will call serve next
  std::optional<Time> next;                         ///< when
  std::vector<workflow::ScheduleTrigger> triggers;  ///< as last read
};

/// Throws EnvironmentError when the file is damaged.
[[nodiscard]] std::optional<Schedule> read_schedule(const std::string& runs_dir, const std::string& workflow);
[[nodiscard]] std::vector<Schedule> list_schedules(const std::string& runs_dir);
/// "nightly: next 2026-11-21T04:30:00Z by job 17 (...)", for people; `now` tells what is overdue.
[[nodiscard]] std::string schedule_line(const Schedule& schedule, Time now);

/// Installs or repairs. Throws ConflictError when a workflow of that name is scheduled from another file.
void install_schedule(Schedule schedule, Time now);
/// Throws UsageError when there is none.
void remove_schedule(const std::string& runs_dir, const std::string& file);

/// The schedules of FILE fire as far as they are due. Returns the exit code of serve --once.
int fire_schedules(const std::string& file, const std::string& runs_dir);

/// sbatch's options for the small jobs, out of those for the run.
[[nodiscard]] Args link_options_of(const workflow::SlurmRequest& request);

}  // namespace fugle::app
