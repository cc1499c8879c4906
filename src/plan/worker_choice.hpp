// Where an element runs whose home has no room, or that has none: near its inputs, else as its task wishes (`place`).
// Knows nothing of time.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "plan/placement.hpp"
#include "plan/problem.hpp"
#include "plan/worker_pool.hpp"

namespace fugle::plan {

/// Whether the task says itself where it wants to run, or on several workers, so that no policy gives its elements a
/// home.
[[nodiscard]] bool chooses_its_place(const graph::Task& task);

class WorkerChoice {
 public:
  /// Keeps views; `placements` [element] of what has started.
  WorkerChoice(const Problem& problem, std::span<const Placement> placements);

  /// Among the workers with room the one that holds most of its input bytes (what is on the same node counts half),
  /// ties to the most free cores, then to the lowest. Several cores or a GPU, which must be free together, go to the
  /// fullest worker with room instead when no input decides. Tasks with `place: spread` take the most free cores
  /// whatever the inputs; with `near` only workers that ran the other task count, if any has room.
  /// Invalid when no worker has room. O(needs + log workers).
  [[nodiscard]] WorkerId choose(std::uint32_t element, WorkerPool& pool);

  /// The same for an element that several workers run together: all of them, the leader first, which is near what
  /// decides for others. Empty when there is no room for all.
  [[nodiscard]] std::vector<WorkerId> choose_party(std::uint32_t element, WorkerPool& pool);

  void on_start(std::uint32_t element, WorkerId worker);

 private:
  struct NearGroup {
    std::string_view name;
    std::vector<bool> is_on;             ///< [worker]
    std::vector<std::uint32_t> workers;  ///< that ran the task, in order of time
  };
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  void find_near_groups();
  void add_up_inputs(std::uint32_t element);
  void add_bytes(std::uint32_t worker, double bytes);
  [[nodiscard]] double score(std::uint32_t worker) const;
  [[nodiscard]] WorkerId best_of(std::span<const std::uint32_t> workers, const graph::Request& request,
                                 const WorkerPool& pool, bool needs_input) const;

  const Problem& problem_;
  std::span<const Placement> placements_;
  std::vector<std::vector<std::uint32_t>> workers_on_;  ///< [node]; empty where each worker is a node of its own
  std::vector<double> bytes_on_;                        ///< [worker] of the element looked at
  std::vector<double> bytes_on_node_;                   ///< [node] of the element looked at
  std::vector<std::uint32_t> holders_;                  ///< workers with inputs, and their neighbours on the node
  std::vector<bool> is_holder_;                         ///< [worker]
  std::vector<NearGroup> near_groups_;
  std::vector<std::uint32_t> near_of_;    ///< [task] the group it wants to be near to, or kNone
  std::vector<std::uint32_t> member_of_;  ///< [task] the group it belongs to by name, or kNone
};

}  // namespace fugle::plan
