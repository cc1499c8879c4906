// What the key `report` asks for, as run.json has it.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "graph/table_spec.hpp"

namespace fugle::app {

/// null: no table is wanted.
[[nodiscard]] nlohmann::ordered_json table_json(const graph::TableSpec& spec);
/// What is absent, or of another type, is left out: a person may have edited the file.
[[nodiscard]] graph::TableSpec table_spec_from(const nlohmann::ordered_json& json);

}  // namespace fugle::app
