// Why the allocation at hand is too small for the elements of a task, in words.
#pragma once

#include <span>
#include <string>

#include "graph/task.hpp"
#include "scheduler/ports.hpp"

namespace fugle::report {

/// "needs 8 nodes, allocation has 4", "needs 4 cores, largest worker has 2"; empty: it fits, or nothing is known of the
/// workers.
[[nodiscard]] std::string misfit_of(const graph::Task& task, std::span<const scheduler::WorkerInfo> workers);

}  // namespace fugle::report
