#include "plan/placement.hpp"

#include <algorithm>

namespace fugle::plan {

double arrival_s(const Problem& problem, std::span<const Placement> placements, std::uint32_t element, std::uint32_t w,
                 double earliest_s) {
  if (problem.machine.seconds_per_byte <= 0) return earliest_s;
  double last = earliest_s;
  const auto needs = problem.graph.needs(ElementId(element));
  for (std::size_t i = 0; i < needs.size(); ++i) {
    const Placement& need = placements[needs[i]];
    if (!need.worker.is_valid()) continue;
    const double bytes = problem.bytes_of_need(element, i);
    last = std::max(last, need.end_s + problem.machine.transfer_s(need.worker.value(), w, bytes));
  }
  return last;
}

}  // namespace fugle::plan
