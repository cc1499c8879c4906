// Where this process talks to people: standard error, or the terminal of the `fugle run -n N` that started it through
// mpirun, which hands ranks a pipe instead.
#pragma once

#include <cstddef>

namespace fugle::app {

/// The descriptor for messages; stays open until the process ends.
[[nodiscard]] int message_fd();
/// Columns; 80 when unknown.
[[nodiscard]] std::size_t terminal_width(int fd);

}  // namespace fugle::app
