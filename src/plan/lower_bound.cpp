// Head-area-tail. Let head be the longest path before an element and tail the longest path after it. Elements with
// head >= a and tail >= b do all their work between a and makespan - b, so makespan >= a + work(a, b) / cores + b.
// All pairs (a, b) are searched in O(V log V): elements enter by falling head, and a tree over the tails, kept sorted,
// holds the largest work(b) + cores x b over all b for the elements entered so far.

#include "plan/lower_bound.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "graph/algorithms.hpp"

namespace fugle::plan {
namespace {

/// Point updates of work per tail; answers max over b of (work with tail >= b) + cores x b.
class TailTree {
 public:
  explicit TailTree(std::size_t num_tails)
      : num_leaves_(std::bit_ceil(std::max<std::size_t>(num_tails, 1))), nodes_(2 * num_leaves_) {}

  void add(std::size_t tail_index, double work, double cores_times_tail) {
    std::size_t i = num_leaves_ + tail_index;
    nodes_[i].work += work;
    nodes_[i].best = nodes_[i].work + cores_times_tail;
    for (i /= 2; i > 0; i /= 2) {
      const Node& left = nodes_[2 * i];
      const Node& right = nodes_[2 * i + 1];
      nodes_[i] = {left.work + right.work, std::max(right.best, left.best + right.work)};
    }
  }
  [[nodiscard]] double best() const { return nodes_[1].best; }

 private:
  struct Node {
    double work = 0;
    double best = -std::numeric_limits<double>::infinity();
  };
  std::size_t num_leaves_;
  std::vector<Node> nodes_;
};

struct Item {
  double head;
  double tail;
  double work;  ///< core-seconds
};

std::vector<double> heads(const graph::Graph& graph, std::span<const double> durations) {
  std::vector<double> head(graph.num_elements(), 0);
  for (const std::uint32_t e : graph::topological_order(graph)) {
    for (const std::uint32_t need : graph.needs(ElementId(e))) {
      head[e] = std::max(head[e], head[need] + durations[need]);
    }
  }
  return head;
}

double head_area_tail(std::vector<Item> items, double cores) {
  std::vector<double> tails;
  tails.reserve(items.size());
  for (const Item& item : items) tails.push_back(item.tail);
  std::sort(tails.begin(), tails.end());
  tails.erase(std::unique(tails.begin(), tails.end()), tails.end());

  std::sort(items.begin(), items.end(), [](const Item& a, const Item& b) { return a.head > b.head; });
  TailTree tree(tails.size());
  double largest = 0;
  for (const Item& item : items) {
    const auto index = std::lower_bound(tails.begin(), tails.end(), item.tail) - tails.begin();
    tree.add(static_cast<std::size_t>(index), item.work, cores * item.tail);
    largest = std::max(largest, item.head + tree.best() / cores);
  }
  return largest;
}

double memory_area(const graph::Graph& graph, std::span<const Slot> workers, std::span<const double> durations) {
  double total_bytes = 0;
  for (const Slot& slot : workers) {
    if (slot.mem_bytes == 0) return 0;
    total_bytes += static_cast<double>(slot.mem_bytes);
  }
  double byte_seconds = 0;
  for (std::uint32_t e = 0; e < graph.num_elements(); ++e) {
    byte_seconds += static_cast<double>(graph.task_of(ElementId(e)).request.mem_bytes) * durations[e];
  }
  return byte_seconds / total_bytes;
}

}  // namespace

LowerBound lower_bound(const graph::Graph& graph, std::span<const Slot> workers, std::span<const double> durations) {
  FUGLE_EXPECT(durations.size() == graph.num_elements() && !workers.empty());
  double cores = 0;
  for (const Slot& slot : workers) cores += slot.cores;

  const std::vector<double> head = heads(graph, durations);
  const std::vector<double> rank = graph::upward_ranks(graph, durations);
  std::vector<Item> items;
  items.reserve(graph.num_elements());
  double critical_path = 0;
  double work = 0;
  for (std::uint32_t e = 0; e < graph.num_elements(); ++e) {
    critical_path = std::max(critical_path, rank[e]);
    const double area = graph.task_of(ElementId(e)).request.cores * durations[e];
    work += area;
    if (area > 0) items.push_back({head[e], rank[e] - durations[e], area});
  }

  LowerBound bound{critical_path, "critical path"};
  const auto raise = [&bound](double seconds, const char* name) {
    // Sums in another order differ in the last digits; that must not change the name.
    if (seconds > bound.seconds * (1 + 1e-9)) bound = {seconds, name};
  };
  raise(work / cores, "cores");
  raise(memory_area(graph, workers, durations), "memory");
  raise(head_area_tail(std::move(items), cores), "head-area-tail");
  return bound;
}

}  // namespace fugle::plan
