// The top-level key `report`: a table of metrics, one row per point of a sweep (FORMAT.md section 12).
#pragma once

#include "workflow/fields.hpp"
#include "workflow/workflow.hpp"

namespace fugle::workflow {

/// To be called once the tasks are read: E402 for metrics and matrix variables that none of them has.
void read_report(const Reading& reading, const Entry& entry, Workflow& into);

}  // namespace fugle::workflow
