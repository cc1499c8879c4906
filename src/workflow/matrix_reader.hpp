// The key `matrix`: variables with their values as literals, ranges written out, or a marker to be evaluated later;
// the points of `include` and `exclude`.
#pragma once

#include <string_view>
#include <vector>

#include "workflow/fields.hpp"
#include "workflow/workflow.hpp"

namespace fugle::workflow {

/// Merges into what is there.
void read_matrix(const Reading& reading, const Entry& entry, const Where& where, TaskNode& into);

/// Once all of a task is read: what only `include` names become variables too, and E103 for `exclude` of unknown ones.
void finish_matrix(const Reading& reading, TaskNode& task);

}  // namespace fugle::workflow
