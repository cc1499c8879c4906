// A small problem in numbers only: tasks, workers with several resources each, and what moving data costs. What the
// exact search works on. Knows nothing of elements, gates or memory rules.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/graph.hpp"
#include "plan/problem.hpp"
#include "plan/search_pool.hpp"

namespace fugle::plan {

struct WorkerModel {
  graph::Rows needs;  ///< a task has a larger number than what it needs
  graph::Rows successors;
  std::uint32_t num_workers = 1;
  std::uint32_t num_resources = 0;
  std::vector<double> durations;           ///< [task x num_workers + worker] seconds; infinite where it fits never
  std::vector<std::int64_t> capacities;    ///< [worker x num_resources + resource]
  std::vector<std::int64_t> demands;       ///< [(task x num_workers + worker) x num_resources + resource]
  std::vector<double> bytes;               ///< parallel to needs.columns; empty: moving data takes no time
  std::vector<double> seconds_per_byte;    ///< [from x num_workers + to]; empty: moving data takes no time
  bool has_equal_workers = false;          ///< workers can be swapped without changing anything
  std::vector<std::uint32_t> original_of;  ///< [task] its number in the problem it was made of

  [[nodiscard]] std::uint32_t num_tasks() const { return static_cast<std::uint32_t>(original_of.size()); }
  [[nodiscard]] double duration(std::uint32_t task, std::uint32_t worker) const {
    return durations[std::size_t{task} * num_workers + worker];
  }
  [[nodiscard]] const std::int64_t* demand(std::uint32_t task, std::uint32_t worker) const {
    return demands.data() + (std::size_t{task} * num_workers + worker) * num_resources;
  }
};

/// Gates become tasks without time and demand.
[[nodiscard]] WorkerModel worker_model_of(const Problem& problem);
/// The pool as one worker.
[[nodiscard]] WorkerModel worker_model_of(const Pool& pool);

}  // namespace fugle::plan
