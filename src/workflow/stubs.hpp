// A workflow for trying out how its parts go together: the same graph, with stubs instead of commands.
#pragma once

#include "workflow/workflow.hpp"

namespace fugle::workflow {

/// Each task runs its `stub` by its shell; without one, what makes its declared outputs, empty. Modules, setup and
/// container go, and with them what the program itself would need: ranks, a launcher, the command of a restart. A
/// function becomes a command.
void put_stubs(Workflow& workflow);

}  // namespace fugle::workflow
