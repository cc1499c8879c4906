// A stronger lower bound for small pools: supposes that everything ends in time T, looks where each task must then run,
// and refutes T where the tasks must take more of a resource in an interval than there is (energetic reasoning;
// Baptiste, Le Pape, Nuijten, Annals of Operations Research 92, 1999). About V^3 per T; for when a search has time.
#pragma once

#include <cstdint>
#include <span>

#include "plan/bound_model.hpp"

namespace fugle::plan {

struct EnergeticOptions {
  double lower_s = 0;           ///< known already: no schedule is shorter
  double upper_s = 0;           ///< a schedule of this length exists
  double grid_s = 0;            ///< all durations are multiples of it; 0: of nothing
  std::uint64_t max_steps = 0;  ///< tasks looked at in intervals, times 0.1
};

struct EnergeticResult {
  double bound_s = 0;  ///< no schedule is shorter; at least lower_s
  std::uint64_t steps = 0;
};

/// `order`: each task after what it needs; `heads` and `tails`: see earliest_starts().
[[nodiscard]] EnergeticResult energetic_bound(const BoundModel& model, std::span<const std::uint32_t> order,
                                              std::span<const double> heads, std::span<const double> tails,
                                              const EnergeticOptions& options);

}  // namespace fugle::plan
