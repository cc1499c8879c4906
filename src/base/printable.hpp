// Text of unknown origin, fit for a terminal. Knows nothing of what it says.
#pragma once

#include <string>
#include <string_view>

namespace fugle {

/// The text with everything that could steer a terminal made visible: control characters (ASCII, and U+0080 to U+009F)
/// other than newline and tab, and bytes that are not UTF-8, become "\x1b". Anything else stays as it is.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace fugle
