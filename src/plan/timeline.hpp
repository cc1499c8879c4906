// What is taken of one worker over time, for schedules that also use the gaps between what is placed already.
#pragma once

#include <cstddef>
#include <vector>

#include "graph/task.hpp"
#include "plan/slot.hpp"

namespace fugle::plan {

class Timeline {
 public:
  explicit Timeline(const Slot& slot);

  /// The earliest time, not before `ready_s`, from which the request fits for so long. The request can_hold() there.
  [[nodiscard]] double earliest_start(double ready_s, double duration_s, const graph::Request& request) const;
  void take(double start_s, double duration_s, const graph::Request& request);

 private:
  struct Step {
    double time_s;
    Slot free;  ///< from here to the next step; mem_bytes only where the worker counts it
  };
  [[nodiscard]] std::size_t step_at(double time_s) const;
  std::size_t split_at(double time_s);
  [[nodiscard]] bool fits(const Slot& free, const graph::Request& request) const;

  Slot slot_;
  std::vector<Step> steps_;     ///< by time, the first at 0; after the last everything is free
  std::size_t first_open_ = 0;  ///< no step before has a core left; nothing is ever given back
};

}  // namespace fugle::plan
