// What would happen if a plan were followed: the same rules as scheduler::Granter, reservations among them, without
// messages, failures or noise. The length of a service is how long it takes to be ready; it ends with its last user.
// Fast enough to compare many plans: O((V + E) log V).
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "plan/placement.hpp"
#include "plan/plan.hpp"

namespace fugle::plan {

struct Prediction {
  std::vector<Placement> placements;  ///< [element]; of one with several nodes the worker that leads it
  /// All workers of each element with several nodes that was placed, the leader first.
  std::map<std::uint32_t, std::vector<WorkerId>> parties;
  double makespan_s = 0;
  double bytes_between_nodes = 0;  ///< data on edges whose ends ran on different nodes, each edge counted once
  double total_bytes = 0;          ///< data on all edges
  std::uint32_t num_unplaced = 0;  ///< real elements
};

[[nodiscard]] Prediction predict(const Problem& problem, const Plan& plan);

}  // namespace fugle::plan
