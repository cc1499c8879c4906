// The key `params`: each a bare default, or a map with type, default, bounds and choices (FORMAT.md section 6).
#pragma once

#include <vector>

#include "workflow/fields.hpp"
#include "workflow/workflow.hpp"

namespace fugle::workflow {

[[nodiscard]] std::vector<Param> read_params(const Reading& reading, const Entry& entry);

}  // namespace fugle::workflow
