// The task key `restart`: the program's own checkpoint.
#pragma once

#include "workflow/fields.hpp"
#include "workflow/workflow.hpp"

namespace fugle::workflow {

/// Files, the signal that asks for a checkpoint, when it is sent, and the command that goes on from one.
void read_restart(const Reading& reading, const Entry& entry, const Where& where, Boxed<Restart>& into);

/// E304 where the time for the checkpoint would be the reserve's; E104 where `restart.run` is of another form than
/// `run`.
void check_restart(const Reading& reading, const TaskNode& task, const Field<Duration>& reserve);

}  // namespace fugle::workflow
