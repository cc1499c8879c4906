// The task key `service`: it runs beside those that need it.
#pragma once

#include "workflow/fields.hpp"
#include "workflow/workflow.hpp"

namespace fugle::workflow {

/// When it is ready, how long that may take, and how it is stopped; null makes it an ordinary task.
void read_service(const Reading& reading, const Entry& entry, const Where& where, Boxed<ServiceKeys>& into);
/// E105 where nothing says when it is ready.
void check_service(const Reading& reading, const TaskNode& task);

}  // namespace fugle::workflow
