// Which workers have how much left, and which of them suits a request best. A tournament tree over the workers, so that
// a choice among ten thousand of them costs a few steps. Knows nothing of elements or time.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/ids.hpp"
#include "graph/task.hpp"
#include "plan/slot.hpp"

namespace fugle::plan {

class WorkerPool {
 public:
  explicit WorkerPool(std::span<const Slot> workers);

  /// The worker with the most free cores among those where the request fits, ties to the lowest; invalid if none.
  [[nodiscard]] WorkerId best_for(const graph::Request& request) const;

  void take(WorkerId worker, const graph::Request& request);
  void give_back(WorkerId worker, const graph::Request& request);

 private:
  struct Free {
    std::uint32_t cores = 0;
    std::uint64_t mem_bytes = 0;
  };
  struct Choice {
    std::uint32_t leaf;
    std::uint32_t cores;
  };
  void set(std::uint32_t leaf, const Free& free);
  void search(std::uint32_t node, std::uint32_t first_leaf, std::uint32_t num_leaves, const graph::Request& request,
              Choice& best) const;
  [[nodiscard]] bool fits(std::uint32_t leaf, const graph::Request& request) const;

  std::vector<Slot> slots_;
  std::uint32_t num_leaves_ = 1;  ///< a power of two
  std::vector<Free> tree_;        ///< node i has children 2i and 2i+1; each field is the largest below it
};

}  // namespace fugle::plan
