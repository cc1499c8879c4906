// A line of words as people write it in a file: blanks between them, quotes and backslashes as a shell has them. Knows
// nothing of variables, patterns or operators.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fugle {

/// `a 'b c' "d"` gives three words. A quote that is not closed ends with the text.
[[nodiscard]] std::vector<std::string> shell_words(std::string_view text);

}  // namespace fugle
