// The keys of a task that say when it starts: `needs`, `join`, `when`, and `on_failure`, which may name a handler.
#pragma once

#include <optional>
#include <vector>

#include "workflow/fields.hpp"
#include "workflow/workflow.hpp"

namespace fugle::workflow {

void read_needs(const Reading& reading, const Entry& entry, const Where& where, std::vector<Need>& into);
void read_join(const Reading& reading, const Entry& entry, bool& joins_any);
/// The marker may be left out.
void read_when(const Reading& reading, const Entry& entry, Boxed<Text>& into);
/// The key of a task, and of the whole workflow, whose tasks have it by default.
void read_on_failure(const Reading& reading, const Entry& entry, const Where& where, TaskNode& into);

}  // namespace fugle::workflow
