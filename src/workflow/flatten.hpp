// Tasks that use files written out: the tasks of each file stand in the place of the task, once for each of its
// elements, under its id: "post/regrid", "a[1]/b". The task itself stays, as what all of them are together.
//
// What the task says of itself is said of all of them: they need what it needs, run when it does, and have its
// priority, tags and policy where the file does not say other ones. Names in a file are its own: Workflow::used has
// what its texts can see.
#pragma once

#include "workflow/expand.hpp"
#include "workflow/workflow.hpp"

namespace fugle::workflow {

/// Whether flatten() has anything to do.
[[nodiscard]] bool has_files_to_use(const Workflow& workflow);

/// Reports what is wrong with the elements of tasks that use files (as for other tasks, and E404 where they are not
/// known at start), with what these are given (E110), and E206 when it becomes too much.
[[nodiscard]] Workflow flatten(Workflow workflow, const ExpandOptions& options, Diagnostics& diagnostics);

}  // namespace fugle::workflow
