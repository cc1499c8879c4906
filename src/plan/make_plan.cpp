// The table of policies; declared in plan/plan.hpp.
#include <algorithm>
#include <array>

#include "base/assert.hpp"
#include "plan/policies.hpp"
#include "plan/worker_choice.hpp"

namespace fugle::plan {
namespace {

struct PolicyEntry {
  Policy policy;
  const char* name;
  Plan (*make)(const Problem&, const PlanOptions&);
};

constexpr std::array kPolicies{
    PolicyEntry{Policy::fifo, "fifo", plan_fifo},
    PolicyEntry{Policy::heft, "heft", plan_heft},
    PolicyEntry{Policy::partition, "partition", plan_partition},
    PolicyEntry{Policy::automatic, "auto", plan_auto},
};

const PolicyEntry& entry_of(Policy policy) {
  const auto* found = std::find_if(kPolicies.begin(), kPolicies.end(),
                                   [&](const PolicyEntry& entry) { return entry.policy == policy; });
  FUGLE_EXPECT(found != kPolicies.end());
  return *found;
}

}  // namespace

const char* name_of(Policy policy) { return entry_of(policy).name; }

std::optional<Policy> policy_named(std::string_view name) {
  for (const PolicyEntry& entry : kPolicies)
    if (entry.name == name) return entry.policy;
  return std::nullopt;
}

Plan make_plan(const Problem& problem, const PlanOptions& options) {
  FUGLE_EXPECT(problem.machine.num_workers() > 0);
  FUGLE_EXPECT(problem.durations.size() == problem.graph.num_elements());
  return entry_of(options.policy).make(problem, options);
}

std::vector<WorkerId> homes_of(const graph::Graph& graph, std::span<const Placement> placements) {
  std::vector<WorkerId> homes(placements.size());
  for (std::uint32_t e = 0; e < homes.size(); ++e)
    if (!chooses_its_place(graph.task_of(ElementId(e)))) homes[e] = placements[e].worker;
  return homes;
}

}  // namespace fugle::plan
