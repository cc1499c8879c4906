// The policy `fifo`, declared in plan/policies.hpp.
#include <algorithm>

#include "graph/algorithms.hpp"
#include "plan/policies.hpp"
#include "plan/start_order.hpp"

namespace fugle::plan {

Plan plan_fifo(const Problem& problem, const PlanOptions& /*options*/) {
  const graph::Graph& graph = problem.graph;
  std::vector<double> earliness(graph.num_elements(), 0);  // minus the steps from a source; gates are none
  for (const std::uint32_t e : graph::topological_order(graph)) {
    const double own = graph.is_gate(ElementId(e)) ? 0 : 1;
    for (const std::uint32_t s : graph.successors(ElementId(e)))
      earliness[s] = std::min(earliness[s], earliness[e] - own);
  }
  Plan plan;
  plan.priority = effective_priorities(graph);
  plan.order = start_order(plan.priority, earliness);
  plan.made_by = Policy::fifo;
  return plan;
}

}  // namespace fugle::plan
