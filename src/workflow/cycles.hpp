// The messages of E201: a cycle in task names, and for each of its edges the place in the file that made it.
#pragma once

#include <vector>

#include "graph/graph.hpp"
#include "workflow/compiled_task.hpp"

namespace fugle::workflow {

/// Reports a cycle among the tasks by `needs` and references; false when there is none.
[[nodiscard]] bool report_task_cycle(const std::vector<CompiledTask>& tasks, Diagnostics& diagnostics);

/// Reports a cycle among the elements, which only equal paths can make when the tasks have none.
[[nodiscard]] bool report_element_cycle(const graph::GraphData& data, const std::vector<CompiledTask>& tasks,
                                        Diagnostics& diagnostics);

/// [task] the tasks that it needs, ascending: by `needs`, by references, as a handler.
[[nodiscard]] graph::Rows rows_of(const std::vector<CompiledTask>& tasks);

}  // namespace fugle::workflow
