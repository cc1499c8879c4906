// Which worker has room, which is the least loaded, and which has the deepest backlog: a tournament tree over the
// workers, so that a choice among ten thousand of them costs a few steps. Told by WorkerTable; knows nothing of
// elements.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "graph/task.hpp"
#include "plan/slot.hpp"

namespace fugle::scheduler {

class RoomIndex {
 public:
  /// Of a worker that may get work. Free amounts are 0 where a backlog waits.
  struct Room {
    plan::Slot capacity;
    plan::Slot free;
    float load = 0;             ///< cores wanted by what it holds, per core
    std::uint32_t surplus = 0;  ///< elements that wait there for cores and may be taken back
    Time last_end = kNever;     ///< nothing may end there after this
    bool is_alone = false;      ///< on its node: what wants the node as a whole may go there
  };

  explicit RoomIndex(std::uint32_t num_workers);

  /// More workers, all closed.
  void grow(std::uint32_t num_workers);

  void set(WorkerId worker, const Room& room);
  /// It gets nothing (dead, or kept free for something).
  void close(WorkerId worker);

  // `until`: what is looked for must be able to run there until then; kAnyTime: it does not matter.
  static constexpr Time kAnyTime{};
  [[nodiscard]] bool has_free_core() const { return tree_[1].free.cores > 0; }
  [[nodiscard]] bool has_room(WorkerId worker, const graph::Request& request, Time until = kAnyTime) const;
  /// The one with most free cores of those with room for the request, ties to the lowest.
  [[nodiscard]] std::optional<WorkerId> with_most_room(const graph::Request& request, Time until = kAnyTime) const;
  /// The one with fewest free cores of those with room for the request, ties to the lowest. The first call looks at all
  /// workers; from then on they are kept sorted.
  [[nodiscard]] std::optional<WorkerId> with_least_room(const graph::Request& request, Time until = kAnyTime);
  /// All with room for the request, those with fewest free cores first, ties to the lowest, until `take(worker)` is
  /// false. Looks at those with free cores enough only.
  template <class Take>
  void each_with_room(const graph::Request& request, Time until, Take take) {
    sort_by_free_cores();
    for (auto it = by_free_cores_.lower_bound({request.cores, 0}); it != by_free_cores_.end(); ++it)
      if (tree_[it->second].last_end >= until && leaf_fits(it->second, request) &&
          !take(WorkerId(it->second - num_leaves_)))
        return;
  }
  [[nodiscard]] std::uint32_t free_cores(WorkerId worker) const {
    return tree_[num_leaves_ + worker.value()].free.cores;
  }
  /// The one with the lowest load of those that could ever run it, ties to the lowest. Not of what wants a whole node.
  [[nodiscard]] std::optional<WorkerId> least_loaded(const graph::Request& request, Time until = kAnyTime) const;
  [[nodiscard]] std::optional<WorkerId> with_most_surplus() const;

 private:
  /// Each field of an inner node is the best below it: the largest, of `load` the smallest.
  struct Node {
    plan::Slot capacity{0, 0, 0};
    plan::Slot free{0, 0, 0};
    plan::Slot whole{0, 0, 0};  ///< the capacity of a worker that is alone and idle
    float load = kClosed;
    std::uint32_t surplus = 0;
    Time last_end = kAnyTime;
    bool operator==(const Node&) const = default;
  };
  static constexpr float kClosed = 1e30F;

  void sort_by_free_cores();
  void replace(WorkerId worker, const Node& node);
  [[nodiscard]] const plan::Slot& available(std::uint32_t node, const graph::Request& request) const {
    return request.whole_node ? tree_[node].whole : tree_[node].free;
  }
  [[nodiscard]] bool leaf_fits(std::uint32_t node, const graph::Request& request) const;
  void search_room(std::uint32_t node, const graph::Request& request, Time until, std::uint32_t& best) const;
  void search_load(std::uint32_t node, const graph::Request& request, Time until, std::uint32_t& best) const;

  std::uint32_t num_leaves_ = 1;                                     ///< a power of two
  std::vector<Node> tree_;                                           ///< node i has children 2i and 2i+1
  std::set<std::pair<std::uint32_t, std::uint32_t>> by_free_cores_;  ///< free cores, leaf; empty before it is needed
};

}  // namespace fugle::scheduler
