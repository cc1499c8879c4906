#include "plan/heft.hpp"
#include "plan/local_placement.hpp"
#include "plan/policies.hpp"
#include "plan/start_order.hpp"

namespace fugle::plan {

Plan plan_partition(const Problem& problem, const PlanOptions& options) {
  Plan plan = plan_heft(problem, options);
  plan.made_by = Policy::partition;
  return plan;
}

}  // namespace fugle::plan
