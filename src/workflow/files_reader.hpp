// The keys `inputs` and `outputs`: named paths, short or as maps.
#pragma once

#include <string_view>
#include <vector>

#include "workflow/fields.hpp"
#include "workflow/workflow.hpp"

namespace fugle::workflow {

/// `owner`: the task's name in messages.
[[nodiscard]] std::vector<Input> read_inputs(const Reading& reading, const Entry& entry, const Where& where,
                                             std::string_view owner);
[[nodiscard]] std::vector<Output> read_outputs(const Reading& reading, const Entry& entry, const Where& where,
                                               std::string_view owner);

}  // namespace fugle::workflow
