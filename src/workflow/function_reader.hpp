// The keys of a task that calls a function: `with`, its arguments; and what goes together with `plugin`.
#pragma once

#include "workflow/fields.hpp"
#include "workflow/workflow.hpp"

namespace fugle::workflow {

/// A map of anything; null makes it unset.
void read_with(const Reading& reading, const Entry& entry, TaskNode& into);
/// E113 for keys that mean nothing with, or without, `plugin`.
void check_function(const Reading& reading, const TaskNode& task);

}  // namespace fugle::workflow
