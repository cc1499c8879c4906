// The status of a run from its files: from live.h5 in a few reads while that can be believed, else by replaying the
// journal (a head that died leaves live.h5 behind as it was).
#pragma once

#include <string>

#include "report/status_view.hpp"

namespace fugle::app {

/// Throws EnvironmentError when the run is not readable.
[[nodiscard]] report::RunStatus read_status(const std::string& run_dir, Time now);

}  // namespace fugle::app
