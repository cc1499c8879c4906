// The types of an expression, as far as they are known before any value is: what is wrong for every value (E403) is
// said when the file is read, also in parts that the values at hand would not reach.
#pragma once

#include "workflow/expression.hpp"

namespace fugle::workflow {

/// Which types a value of this tree may have. Throws ExpressionError E403 where an operator fits none of them.
Types check_types(const ExpressionNode& node, const NameScope& scope);

/// "add", "compare", for messages.
[[nodiscard]] const char* verb_of(Operator op);

}  // namespace fugle::workflow
