// Which workers have how much left, and which of them suits a request best. A tournament tree over the workers, so that
// a choice among ten thousand of them costs a few steps. Knows nothing of elements or time.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "base/ids.hpp"
#include "graph/task.hpp"
#include "plan/slot.hpp"

namespace fugle::plan {

class WorkerPool {
 public:
  /// `node_of` [worker]; empty: each worker is a node of its own.
  explicit WorkerPool(std::span<const Slot> workers, std::span<const std::uint32_t> node_of = {});

  /// The worker with the most free cores among those where the request fits, ties to the lowest; invalid if none.
  [[nodiscard]] WorkerId best_for(const graph::Request& request) const;
  /// The worker with the fewest free cores among those where the request fits, ties to the lowest; invalid if none.
  /// The first call builds an index that each change keeps up to date from then on.
  [[nodiscard]] WorkerId fullest_for(const graph::Request& request);
  /// So many workers with room on different nodes, `first` the first of them if it is valid, then those with the fewest
  /// free cores (`emptiest`: the most), ties to the lowest; empty if there are not so many.
  enum class Prefer : std::uint8_t { fullest, emptiest };
  [[nodiscard]] std::vector<WorkerId> party_for(const graph::Request& request, std::uint32_t num_nodes, WorkerId first,
                                                Prefer prefer = Prefer::fullest);
  /// What wants a whole node fits where nothing runs on a worker that is alone on its node.
  [[nodiscard]] bool has_room(WorkerId worker, const graph::Request& request) const;
  [[nodiscard]] std::uint32_t free_cores(WorkerId worker) const { return tree_[num_leaves_ + worker.value()].cores; }
  [[nodiscard]] bool has_free_core() const { return tree_[1].cores > 0; }

  void take(WorkerId worker, const graph::Request& request);
  void give_back(WorkerId worker, const graph::Request& request);

 private:
  struct Free {
    std::uint32_t cores = 0;
    std::uint32_t gpus = 0;
    std::uint64_t mem_bytes = 0;
  };
  struct Choice {
    std::uint32_t leaf;
    std::uint32_t cores;
  };
  void sort_by_free_cores();
  [[nodiscard]] std::uint32_t node(std::uint32_t worker) const { return node_of_.empty() ? worker : node_of_[worker]; }
  void set(std::uint32_t leaf, const Free& free);
  void search(std::uint32_t node, std::uint32_t first_leaf, std::uint32_t num_leaves, const graph::Request& request,
              Choice& best) const;

  std::vector<Slot> slots_;
  std::vector<std::uint32_t> node_of_;      ///< [worker]; empty: each worker is a node of its own
  std::vector<std::uint32_t> num_on_node_;  ///< [node] workers; empty likewise
  std::uint32_t num_leaves_ = 1;            ///< a power of two
  std::vector<Free> tree_;                  ///< node i has children 2i and 2i+1; each field is the largest below it
  std::set<std::pair<std::uint32_t, std::uint32_t>> by_free_cores_;  ///< free cores, worker; empty until wanted
};

}  // namespace fugle::plan
