// RunRules as they stand in run.json.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "workflow/run_rules.hpp"

namespace fugle::app {

/// null: there are none.
[[nodiscard]] nlohmann::ordered_json rules_json(const workflow::RunRules& rules);
/// What is not as it should be is left out.
[[nodiscard]] workflow::RunRules rules_from(const nlohmann::ordered_json& json);

}  // namespace fugle::app
