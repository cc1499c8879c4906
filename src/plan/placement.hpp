// Where and when an element runs according to a schedule.
#pragma once

#include "base/ids.hpp"

namespace fugle::plan {

struct Placement {
  double start_s = 0;
  double end_s = 0;
  WorkerId worker;  ///< invalid: fits on no worker, or needs something that does not, or a gate
};

}  // namespace fugle::plan
