// The environment of one attempt (FORMAT section 5). What all attempts share is kept apart from what one adds, because
// the first goes to the spawner once and the second with every launch.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "graph/element_text.hpp"
#include "scheduler/attempt.hpp"

namespace fugle::executor {

/// The value of `name` in a list of "NAME=VALUE"; empty when it is not there.
[[nodiscard]] std::string_view find_variable(const std::vector<std::string>& environment, std::string_view name);

/// Of a name that is set more than once, the last setting: getenv() would find the first.
[[nodiscard]] std::vector<std::string> last_settings(const std::vector<std::string>& environment);

/// The variables of one attempt. `inputs` are the values of FUGLE_IN_*: list inputs are files by now.
/// FUGLE_SCRATCH and FUGLE_RUN_STATE are there where `slots` has them. FUGLE_MEM is in bytes, FUGLE_CPUS the list
/// "0-3,8" of the CPUs it is bound to. FUGLE_CORES is per rank, FUGLE_GPUS and FUGLE_MEM per node. The identity comes
/// first: the spawner looks for it there.
[[nodiscard]] std::vector<std::string> attempt_environment(std::string_view run_id, std::string_view run_dir,
                                                           const scheduler::Launch& launch,
                                                           const graph::ElementText& text,
                                                           const std::vector<std::string>& inputs,
                                                           const graph::SlotValues& slots);

}  // namespace fugle::executor
