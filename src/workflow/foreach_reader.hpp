// The key `foreach`: items as literals, or a text that gives them once it is known what it holds.
#pragma once

#include <optional>

#include "workflow/fields.hpp"
#include "workflow/workflow.hpp"

namespace fugle::workflow {

void read_foreach(const Reading& reading, const Entry& entry, Boxed<ForeachKeys>& into);

/// E113 with `matrix`.
void check_foreach(const Reading& reading, const TaskNode& task);

}  // namespace fugle::workflow
