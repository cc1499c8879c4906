#include "plan/robustness.hpp"

#include <vector>

#include "base/random.hpp"
#include "plan/predict.hpp"

namespace fugle::plan {
namespace {

constexpr int kPredictions = 5;
constexpr double kLargestChange = 0.005;
constexpr double kLargestDelay = 0.001;

}  // namespace

double likely_makespan(const Problem& problem, const Plan& plan, std::uint64_t seed) {
  Random random(seed);
  std::vector<double> durations(problem.durations.size());
  double sum_s = 0;
  for (int i = 0; i < kPredictions; ++i) {
    for (std::size_t e = 0; e < durations.size(); ++e) {
      const double change = 1 + kLargestChange * (2 * random.uniform() - 1);
      const double delay = kLargestDelay * random.uniform();
      durations[e] = problem.durations[e] > 0 ? problem.durations[e] * change + delay : 0;
    }
    Problem changed = problem;
    changed.durations = durations;
    sum_s += predict(changed, plan).makespan_s;
  }
  return sum_s / kPredictions;
}

}  // namespace fugle::plan
