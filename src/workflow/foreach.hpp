// The items of `foreach` where they are known before the run: a list of the file, a range, the paths of a pattern, or
// what an expression gives.
#pragma once

#include <optional>

#include "workflow/compiled_task.hpp"

namespace fugle::workflow {

/// E403 for what is no list, E205 for an empty one, E206 beyond limits.max_expand, E207 for an item twice. nullopt
/// after an error.
[[nodiscard]] std::optional<CompiledForeach> compile_foreach(const TaskNode& task, const Symbols& symbols,
                                                             const Names& names, Diagnostics& diagnostics);

}  // namespace fugle::workflow
