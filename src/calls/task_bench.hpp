// A Task Bench graph run by Calls, over the threads and ranks there are: columns in blocks, each rank adds the tasks of
// its own, values between ranks by send and receive. Each task checks that what it was given is what it needs.
#pragma once

#include <fugle/calls.hpp>

#include "calls/task_graph.hpp"

namespace fugle::calls {

/// What a task passes on: 16 bytes, as in Task Bench.
struct TaskOutput {
  std::int64_t step = 0;
  std::int64_t point = 0;
};

/// Columns [first, last) of a rank.
struct Columns {
  long first = 0;
  long last = 0;
};
[[nodiscard]] Columns columns_of(const TaskGraph& graph, int rank, int num_ranks);
[[nodiscard]] int rank_of(const TaskGraph& graph, long point, int num_ranks);

/// From the first call added to the end of the last.
struct GraphTime {
  double seconds = 0;
  double cpu_seconds = 0;  ///< of the calling thread: what it takes with one thread, however busy the machine is
};

/// By all ranks together. Throws CallError when a task was given a value that is not the one it needs.
GraphTime run_task_graph(const CallsOptions& options, const TaskGraph& graph, long iterations);

/// Seconds of one iteration of compute() by itself: the best of several.
[[nodiscard]] double time_of_iteration();

}  // namespace fugle::calls
