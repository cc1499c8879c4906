// The version of this build, as printed by `fugle --version` and kept in run.json.
#pragma once

#include <string_view>

namespace fugle::app {

inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace fugle::app
