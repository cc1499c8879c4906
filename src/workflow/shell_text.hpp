// What may be put into shell text without quotes (FORMAT.md section 3, "no unquoted surprises").
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "workflow/value.hpp"

namespace fugle::workflow {

/// The text of E405 for a value inserted by the expression `source`; nullopt when the value is safe as it is. A list
/// is safe when each of its items is: it becomes several words, as it would with q().
[[nodiscard]] std::optional<std::string> shell_problem(std::string_view source, const Value& value);

}  // namespace fugle::workflow
