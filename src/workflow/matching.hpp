// `needs: {t: each}`: which element of the task above belongs to which one of the task itself. Those with the same
// matrix values, whatever the variables are called and in whatever order the values stand.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "workflow/compiled_task.hpp"

namespace fugle::workflow {

/// [element of `task`] the number among the elements of `above`. Throws ExpressionError E208, without a place, where
/// they are not as many or one has no match.
[[nodiscard]] std::vector<std::uint32_t> match_elements(const CompiledTask& task, const CompiledTask& above);
/// The number of the element with these values in its id. Throws ExpressionError E208, without a place.
[[nodiscard]] std::uint32_t find_element(const CompiledTask& task, std::string_view values);

}  // namespace fugle::workflow
