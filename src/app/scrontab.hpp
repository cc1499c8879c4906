// Entries of ours in the user's scrontab (scrontab(1)): between two comment lines that name the file, all else is left
// as it is. Its times are those of the cluster's clocks, so it can only hold schedules that mean the same there.
#pragma once

#include <string>
#include <vector>

#include "app/command_table.hpp"
#include "base/time.hpp"
#include "workflow/triggers.hpp"

namespace fugle::app {

/// Whether there is such a command, and Slurm lets us use it.
[[nodiscard]] bool has_scrontab();
/// Whether the clocks of this machine show the same as those of all the schedules, in the year to come. The cluster's
/// controller is taken to be in the zone of this machine.
[[nodiscard]] bool shows_local_time(const std::vector<workflow::ScheduleTrigger>& triggers, Time now);

/// `text` with the entry of `file` put in, in the place of an earlier one; empty `entry`: taken out.
[[nodiscard]] std::string with_entry(const std::string& text, const std::string& file, const std::string& entry);
[[nodiscard]] std::string entry_of(const std::vector<workflow::ScheduleTrigger>& triggers, const Args& options,
                                   const std::string& command);

/// Throw EnvironmentError with what scrontab said.
void install_in_scrontab(const std::string& file, const std::vector<workflow::ScheduleTrigger>& triggers,
                         const Args& options, const std::string& command);
void remove_from_scrontab(const std::string& file);

}  // namespace fugle::app
