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
#include "plan/party.hpp"
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
  /// Workers with room that are spread so (see PartyPicker), `leader` the first of them if it is valid, then those with
  /// the fewest free cores (`apart`: the most), ties to the lowest; empty if there are not so many.
  [[nodiscard]] std::vector<WorkerId> party_for(const graph::Request& request, const graph::Spread& spread,
                                                WorkerId leader, Gather gather = Gather::together);
  /// What wants a whole node fits where nothing runs on a worker that is alone on its node.
  [[nodiscard]] bool has_room(WorkerId worker, const graph::Request& request) const;
  [[nodiscard]] std::uint32_t free_cores(WorkerId worker) const { return tree_[num_leaves_ + worker.value()].cores; }
  [[nodiscard]] bool has_free_core() const { return tree_[1].cores > 0; }

  /// Nobody has any room on a closed worker; what runs there may end.
  void close(WorkerId worker, bool is_closed);
  [[nodiscard]] bool is_closed(WorkerId worker) const { return is_closed_[worker.value()]; }
  /// Whether it could run that if nothing else did.
  [[nodiscard]] bool is_able(WorkerId worker, const graph::Request& request) const;

  /// Also of a closed one.
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
  [[nodiscard]] bool is_alone(WorkerId worker) const {
    return num_on_node_.empty() || num_on_node_[node(worker.value())] == 1;
  }
  [[nodiscard]] bool has_left(WorkerId worker, const graph::Request& request) const;
  void show(std::uint32_t leaf);
  void search(std::uint32_t node, std::uint32_t first_leaf, std::uint32_t num_leaves, const graph::Request& request,
              Choice& best) const;

  std::vector<Slot> slots_;
  std::vector<std::uint32_t> node_of_;      ///< [worker]; empty: each worker is a node of its own
  std::vector<std::uint32_t> num_on_node_;  ///< [node] workers; empty likewise
  std::uint32_t num_leaves_ = 1;            ///< a power of two
  std::vector<Free> free_;                  ///< [worker]
  std::vector<bool> is_closed_;             ///< [worker]
  std::vector<Free> tree_;                  ///< node i has children 2i and 2i+1; each field is the largest below it
  std::set<std::pair<std::uint32_t, std::uint32_t>> by_free_cores_;  ///< free cores, worker; empty until wanted
};

}  // namespace fugle::plan
