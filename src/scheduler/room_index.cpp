#include "scheduler/room_index.hpp"

#include <algorithm>
#include <bit>

namespace fugle::scheduler {
namespace {

plan::Slot largest(const plan::Slot& a, const plan::Slot& b) {
  return {std::max(a.cores, b.cores), std::max(a.mem_bytes, b.mem_bytes), std::max(a.gpus, b.gpus)};
}

/// Necessary, and all that can be said of several workers at once.
bool may_fit(const plan::Slot& available, const graph::Request& request) {
  return request.cores <= available.cores && request.gpus <= available.gpus && request.mem_bytes <= available.mem_bytes;
}

}  // namespace

RoomIndex::RoomIndex(std::uint32_t num_workers)
    : num_leaves_(std::bit_ceil(std::max(num_workers, 1u))), tree_(2 * std::size_t{num_leaves_}) {}

void RoomIndex::grow(std::uint32_t num_workers) {
  if (num_workers <= num_leaves_) return;
  RoomIndex larger(num_workers);
  for (std::uint32_t w = 0; w < num_leaves_; ++w) larger.replace(WorkerId(w), tree_[num_leaves_ + w]);
  *this = std::move(larger);
}

void RoomIndex::set(WorkerId worker, const Room& room) {
  const bool is_idle = room.is_alone && room.free == room.capacity;
  replace(worker, {room.capacity, room.free, is_idle ? room.capacity : plan::Slot{0, 0, 0}, room.load, room.surplus,
                   room.last_end});
}

void RoomIndex::close(WorkerId worker) { replace(worker, Node{}); }

void RoomIndex::replace(WorkerId worker, const Node& node) {
  std::uint32_t i = num_leaves_ + worker.value();
  if (!by_free_cores_.empty() && tree_[i].free.cores != node.free.cores) {
    by_free_cores_.erase({tree_[i].free.cores, i});
    by_free_cores_.emplace(node.free.cores, i);
  }
  tree_[i] = node;
  for (i /= 2; i > 0; i /= 2) {
    const Node& left = tree_[2 * i];
    const Node& right = tree_[2 * i + 1];
    const Node both{largest(left.capacity, right.capacity), largest(left.free, right.free),
                    largest(left.whole, right.whole),       std::min(left.load, right.load),
                    std::max(left.surplus, right.surplus),  std::max(left.last_end, right.last_end)};
    if (tree_[i] == both) return;
    tree_[i] = both;
  }
}

bool RoomIndex::leaf_fits(std::uint32_t node, const graph::Request& request) const {
  const plan::Slot& capacity = tree_[node].capacity;
  const plan::Slot& here = available(node, request);
  return capacity.cores > 0 && may_fit(here, request) && plan::memory_on(capacity, request) <= here.mem_bytes &&
         (!request.whole_node || here.cores > 0);
}

bool RoomIndex::has_room(WorkerId worker, const graph::Request& request, Time until) const {
  const std::uint32_t leaf = num_leaves_ + worker.value();
  return tree_[leaf].last_end >= until && leaf_fits(leaf, request);
}

/// Depth first, the side with more free cores first; what cannot beat the best found is left out.
void RoomIndex::search_room(std::uint32_t node, const graph::Request& request, Time until, std::uint32_t& best) const {
  const Node& here = tree_[node];
  if (here.last_end < until || !may_fit(available(node, request), request) ||
      (best != 0 && here.free.cores < tree_[best].free.cores))
    return;
  if (node >= num_leaves_) {
    if (!leaf_fits(node, request)) return;
    const bool is_better = best == 0 || here.free.cores > tree_[best].free.cores || node < best;
    if (is_better) best = node;
    return;
  }
  if (best != 0 && here.free.cores == tree_[best].free.cores && node * (num_leaves_ / std::bit_floor(node)) > best)
    return;  // as good at most, and later
  const bool left_first = tree_[2 * node].free.cores >= tree_[2 * node + 1].free.cores;
  search_room(2 * node + (left_first ? 0 : 1), request, until, best);
  search_room(2 * node + (left_first ? 1 : 0), request, until, best);
}

std::optional<WorkerId> RoomIndex::with_most_room(const graph::Request& request, Time until) const {
  std::uint32_t best = 0;
  search_room(1, request, until, best);
  return best == 0 ? std::nullopt : std::optional(WorkerId(best - num_leaves_));
}

void RoomIndex::search_load(std::uint32_t node, const graph::Request& request, Time until, std::uint32_t& best) const {
  const Node& here = tree_[node];
  if (here.load >= kClosed || here.last_end < until || !may_fit(here.capacity, request)) return;
  if (best != 0 && here.load >= tree_[best].load) return;
  if (node >= num_leaves_) {
    best = node;
    return;
  }
  const bool left_first = tree_[2 * node].load <= tree_[2 * node + 1].load;
  search_load(2 * node + (left_first ? 0 : 1), request, until, best);
  search_load(2 * node + (left_first ? 1 : 0), request, until, best);
}

void RoomIndex::sort_by_free_cores() {
  if (!by_free_cores_.empty()) return;
  for (std::uint32_t leaf = num_leaves_; leaf < 2 * num_leaves_; ++leaf)
    by_free_cores_.emplace(tree_[leaf].free.cores, leaf);
}

std::optional<WorkerId> RoomIndex::with_least_room(const graph::Request& request, Time until) {
  std::optional<WorkerId> found;
  each_with_room(request, until, [&](WorkerId worker) {
    found = worker;
    return false;
  });
  return found;
}

std::optional<WorkerId> RoomIndex::least_loaded(const graph::Request& request, Time until) const {
  if (request.whole_node) return std::nullopt;
  std::uint32_t best = 0;
  search_load(1, request, until, best);
  return best == 0 ? std::nullopt : std::optional(WorkerId(best - num_leaves_));
}

std::optional<WorkerId> RoomIndex::with_most_surplus() const {
  if (tree_[1].surplus == 0) return std::nullopt;
  std::uint32_t node = 1;
  while (node < num_leaves_) node = 2 * node + (tree_[2 * node].surplus == tree_[node].surplus ? 0 : 1);
  return WorkerId(node - num_leaves_);
}

}  // namespace fugle::scheduler
