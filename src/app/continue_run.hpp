// The next life of a run, planned for the workers there are now: for `resume`, and for the restart of a run whose head
// died. Knows nothing of who asks, nor whether failed elements are tried again.
#pragma once

#include <string>

#include "app/arguments.hpp"
#include "app/rank_loop.hpp"

namespace fugle::app {

/// Nothing is opened, and it is said so, when all is done already. Throws as OpenRun::reopen.
[[nodiscard]] Opening continue_run(const std::string& run_dir, const Arguments& arguments, const Workers& workers);

}  // namespace fugle::app
