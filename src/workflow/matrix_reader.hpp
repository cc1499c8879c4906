// The key `matrix`: variables with their values as literals, ranges written out, or a marker to be evaluated later.
#pragma once

#include <string_view>
#include <vector>

#include "workflow/fields.hpp"
#include "workflow/workflow.hpp"

namespace fugle::workflow {

/// Merges into the variables that are there. `owner`: the task's name in messages.
void read_matrix(const Reading& reading, const Entry& entry, const Where& where, std::string_view owner,
                 std::vector<MatrixVar>& into);

}  // namespace fugle::workflow
