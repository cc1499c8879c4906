// The key `retries`: a number, or a map with policy and the failures it covers (FORMAT.md section 7).
#pragma once

#include "workflow/fields.hpp"
#include "workflow/workflow.hpp"

namespace fugle::workflow {

void read_retries(const Reading& reading, const Entry& entry, const Where& where, Retries& into);

/// W07.
void check_retries(const Reading& reading, const TaskNode& task);

}  // namespace fugle::workflow
