#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "plan/policies.hpp"
#include "plan/predict.hpp"

namespace fugle::plan {

Plan plan_auto(const Problem& problem, const PlanOptions& options) {
  constexpr double kTolerance = 1.01;
  std::vector<Plan> plans;
  plans.push_back(plan_fifo(problem, options));
  plans.push_back(plan_heft(problem, options));
  plans.push_back(plan_partition(problem, options));
  std::vector<Prediction> predictions;
  double shortest_s = std::numeric_limits<double>::infinity();
  for (const Plan& plan : plans) {
    predictions.push_back(predict(problem, plan));
    shortest_s = std::min(shortest_s, predictions.back().makespan_s);
  }
  const double limit_s = std::min({shortest_s * kTolerance, predictions[0].makespan_s, predictions[1].makespan_s});
  std::size_t best = plans.size();
  for (std::size_t i = 0; i < plans.size(); ++i) {
    if (predictions[i].makespan_s > limit_s) continue;
    if (best == plans.size() || predictions[i].bytes_between_nodes < predictions[best].bytes_between_nodes) best = i;
  }
  return std::move(plans[best]);
}

}  // namespace fugle::plan
