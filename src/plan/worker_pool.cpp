#include "plan/worker_pool.hpp"

#include <algorithm>
#include <bit>
#include <limits>

#include "base/assert.hpp"

namespace fugle::plan {
namespace {

constexpr std::uint64_t kUncounted = std::numeric_limits<std::uint64_t>::max();

}  // namespace

WorkerPool::WorkerPool(std::span<const Slot> workers)
    : slots_(workers.begin(), workers.end()),
      num_leaves_(std::bit_ceil(std::max<std::uint32_t>(1, static_cast<std::uint32_t>(workers.size())))),
      tree_(2 * std::size_t{num_leaves_}) {
  for (std::uint32_t w = 0; w < slots_.size(); ++w) {
    FUGLE_EXPECT(slots_[w].cores > 0);
    set(w, {slots_[w].cores, slots_[w].mem_bytes != 0 ? slots_[w].mem_bytes : kUncounted});
  }
}

WorkerId WorkerPool::best_for(const graph::Request& request) const {
  Choice best{WorkerId::kInvalid, 0};
  search(1, 0, num_leaves_, request, best);
  return WorkerId(best.leaf);
}

void WorkerPool::take(WorkerId worker, const graph::Request& request) {
  Free free = tree_[num_leaves_ + worker.value()];
  const std::uint64_t mem_bytes = memory_on(slots_[worker.value()], request);
  FUGLE_EXPECT(free.cores >= request.cores && free.mem_bytes >= mem_bytes);
  set(worker.value(), {free.cores - request.cores, free.mem_bytes - mem_bytes});
}

void WorkerPool::give_back(WorkerId worker, const graph::Request& request) {
  const Free free = tree_[num_leaves_ + worker.value()];
  set(worker.value(), {free.cores + request.cores, free.mem_bytes + memory_on(slots_[worker.value()], request)});
}

void WorkerPool::set(std::uint32_t leaf, const Free& free) {
  std::uint32_t node = num_leaves_ + leaf;
  tree_[node] = free;
  for (node /= 2; node > 0; node /= 2) {
    const Free& left = tree_[2 * node];
    const Free& right = tree_[2 * node + 1];
    tree_[node] = {std::max(left.cores, right.cores), std::max(left.mem_bytes, right.mem_bytes)};
  }
}

// Branch and bound: a part of the tree is entered only if it may hold a better worker than the best so far.
void WorkerPool::search(std::uint32_t node, std::uint32_t first_leaf, std::uint32_t num_leaves,
                        const graph::Request& request, Choice& best) const {
  const Free& most = tree_[node];
  if (most.cores < std::max({request.cores, best.cores, 1u}) || most.mem_bytes < request.mem_bytes) return;
  if (most.cores == best.cores && first_leaf > best.leaf) return;
  if (num_leaves == 1) {
    if (fits(first_leaf, request)) best = {first_leaf, most.cores};
    return;
  }
  const std::uint32_t half = num_leaves / 2;
  const bool left_first = tree_[2 * node].cores >= tree_[2 * node + 1].cores;
  if (left_first) search(2 * node, first_leaf, half, request, best);
  search(2 * node + 1, first_leaf + half, half, request, best);
  if (!left_first) search(2 * node, first_leaf, half, request, best);
}

bool WorkerPool::fits(std::uint32_t leaf, const graph::Request& request) const {
  const Free& free = tree_[num_leaves_ + leaf];
  return free.cores >= request.cores && free.mem_bytes >= memory_on(slots_[leaf], request);
}

}  // namespace fugle::plan
