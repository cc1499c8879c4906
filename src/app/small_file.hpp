// Small text files that are whole or not there: written beside their place, synced, and renamed into it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace fugle::app {

/// With the rights of its directory. Throws EnvironmentError.
void write_small_file(const std::string& path, const std::string& text);

/// Never through a link, never waiting. Nothing: it is not there, not to be read, or longer than `limit`.
[[nodiscard]] std::optional<std::string> read_small_file(const std::string& path, std::size_t limit = 16 << 20);

}  // namespace fugle::app
