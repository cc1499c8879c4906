// Plans for workers that differ, or between which data takes time: a genetic algorithm over lists with a home for each
// element. What a list and its homes are worth is asked of an evaluation: predict(), or a schedule by insertion that no
// run follows exactly but that a library may want. Deterministic by seed.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "plan/placement.hpp"
#include "plan/plan.hpp"

namespace fugle::plan {

/// An order of preference and where each element runs.
struct Assignment {
  std::vector<std::uint32_t> list;  ///< elements, each after what it needs
  std::vector<WorkerId> homes;      ///< [element] invalid: wherever it ends first
};

struct Outcome {
  std::vector<Placement> placements;  ///< [element]
  double makespan_s = 0;
  double bytes_between_nodes = 0;  ///< counts where makespans are equal
};

enum class Evaluation : std::uint8_t {
  run,       ///< as predict() says
  schedule,  ///< element by element, each as early as it can at its home, also in gaps left before
};

struct WorkerSearchOptions {
  std::uint64_t max_steps = 0;  ///< see SearchOptions
  std::uint64_t seed = 1;
  double stop_at_s = 0;  ///< a makespan that needs no improvement
  Evaluation evaluation = Evaluation::run;
  std::span<const std::int32_t> priorities;  ///< [element] higher ones always go first; empty: all the same
};

struct WorkerSearchResult {
  Assignment assignment;
  Outcome outcome;
};

/// At least as good as the best of `starts`, of which there is one at least. All elements fit somewhere.
[[nodiscard]] WorkerSearchResult search_workers(const Problem& problem, std::span<const Assignment> starts,
                                                const WorkerSearchOptions& options);

/// `assignment` as a plan; elements whose task chooses its place have no home there.
[[nodiscard]] Plan plan_of(const Problem& problem, const Assignment& assignment,
                           std::span<const std::int32_t> priorities);

/// The elements by `keys` (smaller first, ties by id), moved behind what they need.
[[nodiscard]] std::vector<std::uint32_t> feasible_list(const graph::Graph& graph, std::span<const double> keys);

}  // namespace fugle::plan
