#include "plan/worker_pool.hpp"

#include <algorithm>
#include <bit>
#include <limits>

#include "base/assert.hpp"

namespace fugle::plan {
namespace {

constexpr std::uint64_t kUncounted = std::numeric_limits<std::uint64_t>::max();

}  // namespace

WorkerPool::WorkerPool(std::span<const Slot> workers, std::span<const std::uint32_t> node_of)
    : slots_(workers.begin(), workers.end()),
      node_of_(node_of.begin(), node_of.end()),
      num_leaves_(std::bit_ceil(std::max<std::uint32_t>(1, static_cast<std::uint32_t>(workers.size())))),
      is_closed_(workers.size()),
      tree_(2 * std::size_t{num_leaves_}) {
  for (std::uint32_t w = 0; w < slots_.size(); ++w) {
    FUGLE_EXPECT(slots_[w].cores > 0);
    if (node_of_.empty()) continue;
    if (node_of_[w] >= num_on_node_.size()) num_on_node_.resize(node_of_[w] + 1);
    ++num_on_node_[node_of_[w]];
  }
  for (std::uint32_t w = 0; w < slots_.size(); ++w) {
    free_.push_back({slots_[w].cores, slots_[w].gpus, slots_[w].mem_bytes != 0 ? slots_[w].mem_bytes : kUncounted});
    show(w);
  }
}

WorkerId WorkerPool::best_for(const graph::Request& request) const {
  Choice best{WorkerId::kInvalid, 0};
  search(1, 0, num_leaves_, request, best);
  return WorkerId(best.leaf);
}

WorkerId WorkerPool::fullest_for(const graph::Request& request) {
  sort_by_free_cores();
  for (auto it = by_free_cores_.lower_bound({request.cores, 0}); it != by_free_cores_.end(); ++it) {
    if (has_room(WorkerId(it->second), request)) return WorkerId(it->second);
  }
  return WorkerId{};
}

void WorkerPool::sort_by_free_cores() {
  if (!by_free_cores_.empty()) return;
  for (std::uint32_t w = 0; w < slots_.size(); ++w) by_free_cores_.emplace(free_cores(WorkerId(w)), w);
}

std::vector<WorkerId> WorkerPool::party_for(const graph::Request& request, const graph::Spread& spread, WorkerId leader,
                                            Gather gather) {
  sort_by_free_cores();
  std::vector<WorkerId> with_room;
  for (auto it = by_free_cores_.lower_bound({request.cores, 0}); it != by_free_cores_.end(); ++it)
    if (has_room(WorkerId(it->second), request)) with_room.emplace_back(it->second);
  if (gather == Gather::apart) std::reverse(with_room.begin(), with_room.end());
  PartyPicker picker(spread, gather);
  if (leader.is_valid()) picker.offer_leader(leader, node(leader.value()));
  for (const WorkerId worker : with_room)
    if (!picker.offer(worker, node(worker.value()))) break;
  return picker.take();
}

bool WorkerPool::has_room(WorkerId worker, const graph::Request& request) const {
  return !is_closed_[worker.value()] && has_left(worker, request);
}

bool WorkerPool::has_left(WorkerId worker, const graph::Request& request) const {
  const Free& free = free_[worker.value()];
  const Slot& slot = slots_[worker.value()];
  const bool is_idle = free.cores == slot.cores && free.gpus == slot.gpus;
  if (request.whole_node && (!is_idle || !is_alone(worker))) return false;
  return free.cores >= std::max(request.cores, 1u) && free.gpus >= request.gpus &&
         free.mem_bytes >= memory_on(slot, request);
}

bool WorkerPool::is_able(WorkerId worker, const graph::Request& request) const {
  return can_hold(slots_[worker.value()], request) && (!request.whole_node || is_alone(worker));
}

void WorkerPool::close(WorkerId worker, bool is_closed) {
  if (is_closed_[worker.value()] == is_closed) return;
  is_closed_[worker.value()] = is_closed;
  show(worker.value());
}

void WorkerPool::take(WorkerId worker, const graph::Request& request) {
  FUGLE_EXPECT(has_left(worker, request));
  Free& free = free_[worker.value()];
  const Slot taken = taken_on(slots_[worker.value()], request);
  free.cores -= taken.cores;
  free.gpus -= taken.gpus;
  free.mem_bytes -= taken.mem_bytes;
  show(worker.value());
}

void WorkerPool::give_back(WorkerId worker, const graph::Request& request) {
  Free& free = free_[worker.value()];
  const Slot taken = taken_on(slots_[worker.value()], request);
  free.cores += taken.cores;
  free.gpus += taken.gpus;
  free.mem_bytes += taken.mem_bytes;
  show(worker.value());
}

/// In the tree and among the sorted ones.
void WorkerPool::show(std::uint32_t leaf) {
  const Free free = is_closed_[leaf] ? Free{} : free_[leaf];
  std::uint32_t node = num_leaves_ + leaf;
  if (!by_free_cores_.empty()) {
    by_free_cores_.erase({tree_[node].cores, leaf});
    by_free_cores_.emplace(free.cores, leaf);
  }
  tree_[node] = free;
  for (node /= 2; node > 0; node /= 2) {
    const Free& left = tree_[2 * node];
    const Free& right = tree_[2 * node + 1];
    tree_[node] = {std::max(left.cores, right.cores), std::max(left.gpus, right.gpus),
                   std::max(left.mem_bytes, right.mem_bytes)};
  }
}

// Branch and bound: a part of the tree is entered only if it may hold a better worker than the best so far.
void WorkerPool::search(std::uint32_t node, std::uint32_t first_leaf, std::uint32_t num_leaves,
                        const graph::Request& request, Choice& best) const {
  const Free& most = tree_[node];
  if (most.cores < std::max({request.cores, best.cores, 1u}) || most.mem_bytes < request.mem_bytes) return;
  if (most.gpus < request.gpus || (most.cores == best.cores && first_leaf > best.leaf)) return;
  if (num_leaves == 1) {
    if (has_room(WorkerId(first_leaf), request)) best = {first_leaf, most.cores};
    return;
  }
  const std::uint32_t half = num_leaves / 2;
  const bool left_first = tree_[2 * node].cores >= tree_[2 * node + 1].cores;
  if (left_first) search(2 * node, first_leaf, half, request, best);
  search(2 * node + 1, first_leaf + half, half, request, best);
  if (!left_first) search(2 * node, first_leaf, half, request, best);
}

}  // namespace fugle::plan
