// Where a command talks to people while it works: standard error.
#pragma once

#include <cstddef>

namespace fugle::app {

[[nodiscard]] int message_fd();
/// Columns; 80 when unknown.
[[nodiscard]] std::size_t terminal_width(int fd);

}  // namespace fugle::app
