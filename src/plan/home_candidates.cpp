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

// What planning takes, in seconds per element of a graph with three edges each, on one core of 2020 or so.
constexpr double kAllCandidates_s = 8e-6;
constexpr double kFewCandidates_s = 4.5e-6;
constexpr double kAnnealPass_s = 1.6e-7;
constexpr std::uint32_t kLarge = 500'000;   // elements; above, few candidates are made
constexpr std::uint32_t kPolished = 5'000;  // elements; up to so many, homes are tried one by one
constexpr double kAnnealVisits = 3e7;       // of elements, in all passes together: some 5 s
constexpr double kPredictionStep = 3;       // a prediction costs as much per element as so many steps of a search
constexpr double kStepsPerSecond = 1e7;
constexpr int kPatientEffort = 8;

/// Nobody waits longer for a plan than 1 % of the run, or 2 s.
double allowed_s(double makespan_s) { return std::max(2.0, makespan_s / 100); }

/// Who asks for the most effort gets all candidates, however large the graph is.
double allowed_s(double makespan_s, int effort) { return effort >= kPatientEffort ? 1e9 : allowed_s(makespan_s); }

class Candidates {
 public:
  Candidates(const Problem& problem, const Plan& base, const PlanOptions& options, Contest& contest)
      : problem_(problem), base_(base), options_(options), contest_(contest), reference_(predict(problem, base)) {
    double sum = 0;
    for (const double d : problem.durations) sum += d;
    mean_s_ = sum / std::max(1u, problem.graph.num_real_elements());
    num_elements_ = std::max(1u, problem.graph.num_elements());
    allowed_s_ = allowed_s(reference_.makespan_s, options.effort);
    is_large_ = num_elements_ > kLarge || num_elements_ * kAllCandidates_s > allowed_s_;
  }

  void enter_all() {
    enter({});
    if (!is_large_) enter(homes_of(problem_.graph, reference_.placements));
    enter_local();
    if (num_elements_ * kFewCandidates_s > allowed_s_) return;
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
    best.band_s = 16 * mean_s_;
    for (const double length : is_large_ ? std::vector<double>{} : std::vector<double>{2, 8, 32}) {
      bands.band_s = length * mean_s_;
      if (enter(band_partition(problem_, reference_.placements, bands)) || length == 2) best = bands;
    }
    const double left_s = allowed_s_ - num_elements_ * (is_large_ ? kFewCandidates_s : kAllCandidates_s);
    const double passes = std::min(kAnnealVisits / num_elements_, left_s / (num_elements_ * kAnnealPass_s));
    best.anneal_passes = static_cast<int>(std::clamp(passes, 0.0, 80.0));
    enter(band_partition(problem_, reference_.placements, best));
  }

  const Problem& problem_;
  const Plan& base_;
  const PlanOptions& options_;
  Contest& contest_;
  Prediction reference_;
  double mean_s_ = 0;
  double num_elements_ = 0;
  double allowed_s_ = 0;  ///< of planning
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
  return static_cast<std::uint64_t>(std::min(wanted, allowed_s(makespan_s) * kStepsPerSecond));
}

}  // namespace fugle::plan
