// Why a run ends though not all of its elements have: in words, for the end of the run. Looks at everything once.
#pragma once

#include <string>

#include "scheduler/granter.hpp"
#include "scheduler/ready_queue.hpp"
#include "scheduler/worker_table.hpp"

namespace fugle::scheduler {

struct WhatIsLeft {
  std::string why;
  bool is_stall = false;  ///< no good reason: what is left waits for what will never happen
};

/// That no worker is left, else what was too long for the time left, else what fits on no worker, else what is held by
/// people. Of a run that is not complete and can not progress.
[[nodiscard]] WhatIsLeft find_what_is_left(const RunState& run, ReadyQueue& ready, const WorkerTable& workers,
                                           const Granter& granter, Time now);

}  // namespace fugle::scheduler
