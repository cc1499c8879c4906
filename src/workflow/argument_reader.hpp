// Values of maps without fixed keys, with whatever they hold.
#pragma once

#include "workflow/fields.hpp"
#include "workflow/workflow.hpp"

namespace fugle::workflow {

[[nodiscard]] Argument argument_of(const Reading& reading, const YamlNode& node);

}  // namespace fugle::workflow
