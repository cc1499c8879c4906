// The explicit `needs` as a graph of tasks: names that do not exist (E202, also in `place: near`), needs that cross
// the border of `finally` (E113) and cycles (E201).
// Edges that come from references and equal paths are known only after expansion and are checked there.
#pragma once

#include "workflow/diagnostic.hpp"
#include "workflow/workflow.hpp"

namespace fugle::workflow {

void check_needs(const Workflow& workflow, Diagnostics& diagnostics);

}  // namespace fugle::workflow
