// Tasks that handle the failure of others: `on_failure: {run: TASK}`.
#pragma once

#include <vector>

#include "workflow/compiled_task.hpp"

namespace fugle::workflow {

/// Fills CompiledTask::failing. E202 for a handler that is none of the tasks, E113 for one with `needs`, or with several
/// elements for several tasks, or one of `finally` for its own kind only.
void find_handlers(std::vector<CompiledTask>& tasks, const Symbols& symbols, Diagnostics& diagnostics);

}  // namespace fugle::workflow
