// Tasks that draw on one pool of renewable resources: what the fast part of the search works on. Identical workers are
// one pool when it cannot matter which of them a task runs on. Knows nothing of elements, workers or plans.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "graph/graph.hpp"
#include "plan/placement.hpp"
#include "plan/problem.hpp"

namespace fugle::plan {

/// Resource-constrained project scheduling: all rows and columns are indexed by task.
struct Pool {
  graph::Rows needs;
  graph::Rows successors;
  std::vector<double> durations;         ///< seconds, not negative
  std::vector<std::int64_t> capacities;  ///< [resource]
  std::vector<std::int64_t> demands;     ///< [task x num_resources + resource], none above its capacity

  [[nodiscard]] std::uint32_t num_tasks() const { return static_cast<std::uint32_t>(durations.size()); }
  [[nodiscard]] std::size_t num_resources() const { return capacities.size(); }
  [[nodiscard]] const std::int64_t* demand(std::uint32_t task) const {
    return demands.data() + std::size_t{task} * capacities.size();
  }
};

/// The same pool with time running backwards.
[[nodiscard]] Pool reversed(const Pool& pool);

/// The problem as a pool with one task per element; nothing where workers, distances or pieces of workers matter, or
/// where an element fits nowhere, has several nodes or wants a whole one. One worker is always a pool; several are when
/// all elements ask for the same.
[[nodiscard]] std::optional<Pool> pool_of(const Problem& problem);

/// A schedule of pool_of(problem) with a worker for each element. `by_start`: elements by time, `starts` [element].
[[nodiscard]] std::vector<Placement> placements_of(const Problem& problem, std::span<const double> starts,
                                                   std::span<const std::uint32_t> by_start);

/// The columns of `rows` the other way round, ascending.
[[nodiscard]] graph::Rows transposed(const graph::Rows& rows);

}  // namespace fugle::plan
