// Values of workflow parameters: what `params`, `-p NAME=VALUE` and a parameter file may give them. One judge for all
// three, so that a default and a command line value are refused for the same reasons, in the same words (E110).
#pragma once

#include <optional>
#include <string>

#include "workflow/diagnostic.hpp"
#include "workflow/value.hpp"
#include "workflow/workflow.hpp"

namespace fugle::workflow {

/// The value of a parameter from text, as its type says and within its `min max choices`; E110 and nullopt otherwise.
/// A list is written with commas.
[[nodiscard]] std::optional<Value> parse_param(const Param& param, const std::string& text, Position at,
                                               Diagnostics& diagnostics);
/// Whether a value already of the parameter's type keeps to `min`, `max` and `choices`; E110 otherwise.
[[nodiscard]] bool check_param(const Param& param, const Value& value, Position at, Diagnostics& diagnostics);

}  // namespace fugle::workflow
