// Where and when an element runs according to a schedule.
#pragma once

#include <cstdint>
#include <span>

#include "base/ids.hpp"
#include "plan/problem.hpp"

namespace fugle::plan {

struct Placement {
  double start_s = 0;
  double end_s = 0;
  WorkerId worker;  ///< invalid: fits on no worker, or needs something that does not, or a gate
};

/// When all data of an element would be on worker `w`, in seconds, if its needs run where `placements` has them; at
/// least `earliest_s`. Data that takes no time to move is not looked at.
[[nodiscard]] double arrival_s(const Problem& problem, std::span<const Placement> placements, std::uint32_t element,
                               std::uint32_t w, double earliest_s = 0);

}  // namespace fugle::plan
