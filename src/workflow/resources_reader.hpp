// The key `resources` of a task, and `launcher`, which says how the ranks are started that it asks for.
#pragma once

#include "workflow/fields.hpp"
#include "workflow/workflow.hpp"

namespace fugle::workflow {

/// Merged key by key into what is there; null resets all.
void read_resources(const Reading& reading, const Entry& entry, const Where& where, TaskNode& into);
void read_launcher(const Reading& reading, const Entry& entry, Field<std::string>& into);
/// E113 for keys that exclude each other, whichever of them was inherited.
void check_resources(const Reading& reading, const TaskNode& task);

}  // namespace fugle::workflow
