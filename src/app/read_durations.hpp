// How long the elements of earlier runs took, from their journals: only read, bounded in time, and never a reason for
// a run to fail.
#pragma once

#include <cstdint>
#include <string>

#include "app/run_directory.hpp"
#include "plan/learned_durations.hpp"
#include "scheduler/event.hpp"

namespace fugle::app {

/// Adds an attempt that ended OK; other events are passed over.
void add_duration(const graph::Graph& graph, const scheduler::Event& event, plan::DurationHistory& durations);

struct EarlierRuns {
  plan::DurationHistory durations;
  std::uint32_t num_runs = 0;  ///< that something was learned from
  std::string left_out;        ///< for a person: what was not read and why; empty: nothing
};

/// Of the newest five runs in `runs_dir` of the workflow of `facts` that nobody runs any more; of `--lines` those of
/// the same file. Stops after about 0.3 s. `facts.run` itself is left out.
[[nodiscard]] EarlierRuns read_earlier_runs(const std::string& runs_dir, const RunFacts& facts);

}  // namespace fugle::app
