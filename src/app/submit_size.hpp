// How large a job `fugle submit` asks for: whether the tasks fit on the nodes of the partition at all, and, with
// --auto, on how many nodes and for how long, from the plan and what earlier runs took, as `fugle simulate` finds it.
#pragma once

#include <string>
#include <vector>

#include "app/load_workflow.hpp"
#include "app/partitions.hpp"
#include "plan/learned_durations.hpp"
#include "plan/plan.hpp"

namespace fugle::app {

/// False after E302 was printed: a task asks for more than any node of `groups` has, or for GPUs where the job would
/// have none. Empty groups: nothing is known, only the GPUs are looked at.
[[nodiscard]] bool fits_partition(const Loaded& loaded, const workflow::SlurmRequest& request,
                                  const std::vector<NodeGroup>& groups);

struct ChosenSize {
  std::uint32_t nodes = 1;
  Duration time{0};  ///< 0: nothing is known of the lengths, or the file says it
  std::string why;   ///< lines for a person
};
/// The smallest number of nodes within a tenth of the best makespan; the time is a quarter more than predicted, and the
/// reserve. Bounded by what `groups` allow: a run that takes longer goes on in further jobs.
[[nodiscard]] ChosenSize choose_size(const Loaded& loaded, const workflow::SlurmRequest& request,
                                     const std::vector<NodeGroup>& groups, const plan::KnownDurations& durations,
                                     const plan::PlanOptions& planning);

/// Cores of the largest element.
[[nodiscard]] std::uint32_t largest_cores(const graph::Graph& graph);
/// Nodes of the element that has most.
[[nodiscard]] std::uint32_t largest_nodes(const graph::Graph& graph);

}  // namespace fugle::app
