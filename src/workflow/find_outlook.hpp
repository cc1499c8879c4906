// Makes the outlook of compiled tasks.
#pragma once

#include <vector>

#include "workflow/compiled_task.hpp"
#include "workflow/outlook.hpp"

namespace fugle::workflow {

/// Reports settings of open tasks that are wrong for each of their elements, as those of other tasks (E301 and the
/// like).
[[nodiscard]] Outlook find_outlook(const Symbols& symbols, const std::vector<CompiledTask>& tasks,
                                   Diagnostics& diagnostics);

}  // namespace fugle::workflow
