#include "plan/timeline.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace fugle::plan {

Timeline::Timeline(const Slot& slot) : slot_(slot), steps_{{0, slot}} {}

std::size_t Timeline::step_at(double time_s) const {
  const auto after = std::upper_bound(steps_.begin(), steps_.end(), time_s,
                                      [](double time, const Step& step) { return time < step.time_s; });
  return static_cast<std::size_t>(after - steps_.begin()) - 1;
}

bool Timeline::fits(const Slot& free, const graph::Request& request) const {
  return free.cores >= request.cores && free.gpus >= request.gpus && free.mem_bytes >= memory_on(slot_, request);
}

double Timeline::earliest_start(double ready_s, double duration_s, const graph::Request& request) const {
  double start = ready_s;
  std::size_t first = step_at(ready_s);
  if (first < first_open_ && request.cores > 0) {
    first = first_open_;
    start = steps_[first].time_s;
  }
  for (std::size_t i = first; i < steps_.size(); ++i) {
    const bool is_last = i + 1 == steps_.size();
    if (!fits(steps_[i].free, request)) {
      FUGLE_EXPECT(!is_last);
      start = steps_[i + 1].time_s;
    } else if (is_last || steps_[i + 1].time_s >= start + duration_s) {
      break;
    }
  }
  return start;
}

std::size_t Timeline::split_at(double time_s) {
  const std::size_t at = step_at(time_s);
  if (steps_[at].time_s == time_s) return at;
  steps_.insert(steps_.begin() + static_cast<std::ptrdiff_t>(at) + 1, {time_s, steps_[at].free});
  if (at < first_open_) ++first_open_;
  return at + 1;
}

void Timeline::take(double start_s, double duration_s, const graph::Request& request) {
  if (duration_s <= 0) return;
  const std::size_t first = split_at(start_s);
  const std::size_t last = split_at(start_s + duration_s);
  for (std::size_t i = first; i < last; ++i) {
    Slot& free = steps_[i].free;
    FUGLE_EXPECT(fits(free, request));
    free.cores -= request.cores;
    free.gpus -= request.gpus;
    free.mem_bytes -= memory_on(slot_, request);
  }
  while (first_open_ + 1 < steps_.size() && steps_[first_open_].free.cores == 0) ++first_open_;
}

}  // namespace fugle::plan
