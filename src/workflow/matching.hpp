// `needs: {t: each}`: which element of the task above belongs to which one of the task itself. Those with the same
// matrix values, whatever the variables are called and in whatever order the values stand.
#pragma once

#include <cstdint>
#include <vector>

#include "workflow/compiled_task.hpp"

namespace fugle::workflow {

/// [element of `task`] the number among the elements of `above`. Throws ExpressionError E208, without a place, where
/// they are not as many or one has no match.
[[nodiscard]] std::vector<std::uint32_t> match_elements(const CompiledTask& task, const CompiledTask& above);

}  // namespace fugle::workflow
