// Whether what commands run in is there, before anything is: their shells, the runtimes of their containers (E305) and
// the files of their images (E204). Stage P of the keys `shell` and `container` (FORMAT.md).
#pragma once

#include <cstdint>
#include <vector>

#include "app/launcher_check.hpp"

namespace fugle::app {

/// Of a task that sets PATH itself, or loads modules, which may do that, nothing is said of programs.
void check_surroundings(const LauncherQuestion& question, const std::vector<std::uint32_t>& num_elements,
                        workflow::Diagnostics& diagnostics);

}  // namespace fugle::app
