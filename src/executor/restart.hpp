// Whether an attempt goes on from the checkpoint of an earlier one (task key `restart`).
#pragma once

#include <string>

#include "base/time.hpp"
#include "graph/element_text.hpp"
#include "scheduler/attempt.hpp"

namespace fugle::executor {

/// It is not the first attempt, and one of the files is there: patterns as the shell has them (glob(7)), relative to
/// the working directory.
[[nodiscard]] bool can_restart(const scheduler::Launch& launch, const graph::ElementText& text,
                               const std::string& workdir);

/// One of the files was written at `since` or later.
[[nodiscard]] bool has_checkpoint_since(const graph::ElementText& text, const std::string& workdir, Time since);

}  // namespace fugle::executor
