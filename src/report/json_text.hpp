// JSON as this room writes it: keys in the order in which they were set, bytes that are no UTF-8 replaced.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace fugle::report {

using Json = nlohmann::ordered_json;

/// Indented, for one object that people may look at.
[[nodiscard]] std::string to_pretty_text(const Json& json);
/// On one line, for the items of long lists.
[[nodiscard]] std::string to_line(const Json& json);

}  // namespace fugle::report
