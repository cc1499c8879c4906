// The part of `fugle doctor RUN` that replays the journal on the plan: do they belong together, do the caches agree
// with what comes out, and are the files of the tasks as it says.
#pragma once

#include <string>
#include <vector>

#include "app/machine_view.hpp"

namespace fugle::app {

/// Checks "history", "live.h5 agrees", "outputs" and "leftovers"; only the first when that is bad. Looks at every
/// declared output of every element, so it may take a second per some 100,000 of them.
[[nodiscard]] std::vector<Check> check_history(const std::string& run_dir, bool is_held);

}  // namespace fugle::app
