// Why a run ends though not all of its elements have: in words, for the end of the run. Looks at everything once.
#pragma once

#include <string>

#include "scheduler/granter.hpp"
#include "scheduler/ready_queue.hpp"
#include "scheduler/worker_table.hpp"

namespace fugle::scheduler {

/// What was too long for the time left, else what fits on no worker, else what is held by people; empty when none of
/// these is the reason.
[[nodiscard]] std::string describe_what_is_left(const RunState& run, ReadyQueue& ready, const WorkerTable& workers,
                                                const Granter& granter, Time now);

}  // namespace fugle::scheduler
