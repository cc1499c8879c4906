#include "plan/contest.hpp"

#include <utility>

namespace fugle::plan {

bool Contest::enter(Plan plan) {
  const Prediction prediction = predict(problem_, plan);
  if (has_best_ && !is_better(prediction.makespan_s, prediction.bytes_between_nodes)) return false;
  best_ = std::move(plan);
  makespan_s_ = prediction.makespan_s;
  bytes_ = prediction.bytes_between_nodes;
  return has_best_ = true;
}

bool Contest::is_better(double makespan_s, double bytes) const {
  const bool is_short = makespan_s <= limit_s_, best_is_short = makespan_s_ <= limit_s_;
  if (is_short != best_is_short) return is_short;
  return is_short ? std::pair(bytes, makespan_s) < std::pair(bytes_, makespan_s_)
                  : std::pair(makespan_s, bytes) < std::pair(makespan_s_, bytes_);
}

}  // namespace fugle::plan
