// Finds processes by the environment they were started with, and ends them: what a killed spawner or an earlier life
// of a run could not end itself.
#pragma once

#include <string>
#include <vector>

namespace fugle::executor {

/// Kills every process of this user whose environment holds all variables ("NAME=VALUE") of one of `marks`, but not
/// ourselves or our ancestors, until none is found or about a second is over. Returns the number killed.
int kill_processes_marked(const std::vector<std::vector<std::string>>& marks);

}  // namespace fugle::executor
