// A shell script that is nothing but the start of one program: its words. Starting the program without the shell gives
// the same result and saves the shell's own start, which costs more than that of a small program.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fugle::executor {

/// Nothing when a shell could do anything else than start the program: any character that may mean something to it, a
/// first word that is not a path (it may be a builtin, a function, a keyword) or sets a variable.
[[nodiscard]] std::optional<std::vector<std::string>> plain_command(std::string_view script);

}  // namespace fugle::executor
