// Keeps the best of many plans: of those that are short enough, the one with the fewest bytes between nodes; while none
// is short enough, the shortest.
#pragma once

#include "plan/plan.hpp"
#include "plan/predict.hpp"

namespace fugle::plan {

class Contest {
 public:
  /// Keeps a view of the problem. A plan is short enough up to `limit_s`.
  Contest(const Problem& problem, double limit_s) : problem_(problem), limit_s_(limit_s) {}

  /// Whether the plan is now the best.
  bool enter(Plan plan);

  [[nodiscard]] bool is_empty() const { return !has_best_; }
  [[nodiscard]] const Plan& best() const { return best_; }
  [[nodiscard]] double makespan_s() const { return makespan_s_; }
  [[nodiscard]] double bytes() const { return bytes_; }

 private:
  [[nodiscard]] bool is_better(double makespan_s, double bytes) const;

  const Problem& problem_;
  double limit_s_;
  Plan best_;
  bool has_best_ = false;
  double makespan_s_ = 0;
  double bytes_ = 0;
};

}  // namespace fugle::plan
