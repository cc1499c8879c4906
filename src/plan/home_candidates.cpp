#include "plan/home_candidates.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "plan/band_partition.hpp"
#include "plan/depth_first.hpp"
#include "plan/heft.hpp"
#include "plan/home_polish.hpp"
#include "plan/local_placement.hpp"
#include "plan/policies.hpp"
#include "plan/predict.hpp"
#include "plan/start_order.hpp"

namespace fugle::plan {
namespace {

constexpr std::uint32_t kLarge = 500'000;   // elements; above, fewer candidates are made
constexpr std::uint32_t kPolished = 5'000;  // elements; up to so many, homes are tried one by one
constexpr double kPredictionStep = 3;       // a prediction costs as much per element as so many steps of a search
constexpr double kStepsPerSecond = 1e7;

class Candidates {
 public:
  Candidates(const Problem& problem, const Plan& base, const PlanOptions& options, Contest& contest)
      : problem_(problem), base_(base), options_(options), contest_(contest), reference_(predict(problem, base)) {
    double sum = 0;
    for (const double d : problem.durations) sum += d;
    mean_s_ = sum / std::max(1u, problem.graph.num_real_elements());
    is_large_ = problem.graph.num_elements() > kLarge;
  }

  void enter_all() {
    if (!is_large_) {
      enter({});
      enter(homes_of(problem_.graph, reference_.placements));
    }
    enter_local();
    enter_depth_first();
    enter_bands();
  }

 private:
  bool enter(std::vector<WorkerId> homes) {
    Plan plan = base_;
    plan.homes = std::move(homes);
    plan.leases.clear();
    return contest_.enter(std::move(plan));
  }

  void enter_local() {
    const auto sequence = heft_sequence(problem_.graph, upward_ranks(problem_));
    if (!is_large_) enter(homes_of(problem_.graph, place_near_inputs(problem_, sequence, mean_s_)));
    enter(homes_of(problem_.graph, place_near_inputs(problem_, sequence, 5 * mean_s_)));
  }

  void enter_depth_first() {
    const std::vector<std::uint32_t> sequence = depth_first_sequence(problem_.graph);
    std::vector<WorkerId> homes = cut_sequence(problem_, sequence);
    std::vector<double> earliness(sequence.size());
    for (std::uint32_t i = 0; i < sequence.size(); ++i) earliness[sequence[i]] = -static_cast<double>(i);
    Plan plan = base_;
    plan.order = start_order(plan.priority, earliness);
    plan.homes = homes;
    plan.leases.clear();
    contest_.enter(std::move(plan));
    if (!is_large_) enter(std::move(homes));
  }

  void enter_bands() {
    BandPartitionOptions bands{.seed = options_.seed};
    BandPartitionOptions best = bands;
    const auto lengths = is_large_ ? std::vector<double>{16} : std::vector<double>{2, 8, 32};
    best.band_s = lengths.front() * mean_s_;
    bool has_won = false;
    for (const double length : lengths) {
      if (is_large_) break;
      bands.band_s = length * mean_s_;
      if (enter(band_partition(problem_, reference_.placements, bands)) || !has_won) has_won = true, best = bands;
    }
    best.anneal_passes = is_large_ ? 30 : 40;
    enter(band_partition(problem_, reference_.placements, best));
  }

  const Problem& problem_;
  const Plan& base_;
  const PlanOptions& options_;
  Contest& contest_;
  Prediction reference_;
  double mean_s_ = 0;
  bool is_large_ = false;
};

}  // namespace

void enter_home_candidates(const Problem& problem, const Plan& base, const PlanOptions& options, double limit_s,
                           Contest& contest) {
  Candidates(problem, base, options, contest).enter_all();
  if (problem.graph.num_elements() > kPolished || contest.bytes() <= 0) return;
  const auto steps = static_cast<std::uint64_t>(
      static_cast<double>(search_steps(options.effort, contest.makespan_s())) / kPredictionStep);
  contest.enter(polish_homes(problem, contest.best(), limit_s, steps, options.seed));
}

std::uint64_t search_steps(int effort, double makespan_s) {
  if (effort <= 0) return 0;
  const double wanted = 3e5 * std::pow(3.0, effort);
  const double allowed_s = std::max(2.0, makespan_s / 100);
  return static_cast<std::uint64_t>(std::min(wanted, allowed_s * kStepsPerSecond));
}

}  // namespace fugle::plan
