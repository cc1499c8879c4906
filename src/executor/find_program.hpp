// Programs of others on this machine.
#pragma once

#include <string>
#include <vector>

#include "executor/surroundings.hpp"

namespace fugle::executor {

/// Its path by the PATH of `environment`; empty: it is not there.
[[nodiscard]] std::string find_in_path(const std::vector<std::string>& environment, const std::string& program);
/// `is_in_job`: of Slurm. Whether Slurm has Pyxis is not asked: that would take a process.
[[nodiscard]] ContainerRuntimes find_container_runtimes(const std::vector<std::string>& environment, bool is_in_job);

}  // namespace fugle::executor
