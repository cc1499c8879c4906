// A workflow for trying out how its parts go together: the same graph, with stubs instead of commands.
#pragma once

#include "workflow/workflow.hpp"

namespace fugle::workflow {

/// Each task runs its `stub` by its shell; without one, what makes its declared outputs, empty. Modules, setup and
/// container go, and with them what the program itself would need: resources, ranks, a launcher, secrets, the command
/// of a restart; so does what concerns others: Slurm, notices, directories outside of the one that it runs in. A
/// function becomes a command. A service without a stub is ready at once. Nobody waits between attempts.
void put_stubs(Workflow& workflow);

}  // namespace fugle::workflow
