// Head-area-tail. Let head be a time before which an element cannot start, and tail a time that passes at least after
// it. Elements with head >= a and tail >= b do all their work between a and makespan - b, so
// makespan >= a + work(a, b) / capacity + b. All pairs (a, b) are searched in O(V log V): elements enter by falling
// head, and a tree over the tails, kept sorted, holds the largest work(b) + capacity x b over all b for those entered.

#include "plan/bound_model.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

namespace fugle::plan {
namespace {

/// Point updates of work per tail; answers max over b of (work with tail >= b) + capacity x b.
class TailTree {
 public:
  explicit TailTree(std::size_t num_tails)
      : num_leaves_(std::bit_ceil(std::max<std::size_t>(num_tails, 1))), nodes_(2 * num_leaves_) {}

  void add(std::size_t tail_index, double work, double capacity_times_tail) {
    std::size_t i = num_leaves_ + tail_index;
    nodes_[i].work += work;
    nodes_[i].best = nodes_[i].work + capacity_times_tail;
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

/// How many items fit at once. The margin takes sums of fractions for what they are meant to be.
std::size_t places(double capacity, double smallest_demand) {
  return static_cast<std::size_t>(std::floor(capacity / smallest_demand * (1 + 1e-12)));
}

/// `longest_first`: durations, falling. One of K places runs j + 1 of the first K j + 1.
double packed_time(std::span<const double> longest_first, std::size_t num_places) {
  double largest = 0;
  double sum = 0;
  std::size_t first = 0;  // the j + 1 shortest of the first K j + 1 begin here
  for (std::size_t j = 0; num_places * j < longest_first.size(); ++j) {
    const std::size_t end = num_places * j + 1;
    const std::size_t begin = end - (j + 1);
    // The window moves by K - 1 and grows by one: what has left is taken off, what came in is added.
    if (begin >= first + j) {
      sum = std::accumulate(longest_first.begin() + static_cast<std::ptrdiff_t>(begin),
                            longest_first.begin() + static_cast<std::ptrdiff_t>(end), 0.0);
    } else {
      for (; first < begin; ++first) sum -= longest_first[first];
      for (std::size_t i = num_places * (j - 1) + 1; i < end; ++i) sum += longest_first[i];
    }
    first = begin;
    largest = std::max(largest, sum);
  }
  return largest;
}

/// Before a join: all `items` end before it. Head and work, no tails.
double time_of_join(std::vector<BoundItem>& items, double capacity) {
  std::sort(items.begin(), items.end(), [](const BoundItem& a, const BoundItem& b) { return a.head > b.head; });
  double largest = 0;
  double work = 0;
  double smallest_demand = std::numeric_limits<double>::infinity();
  for (const BoundItem& item : items) {
    work += item.duration * item.demand;
    smallest_demand = std::min(smallest_demand, item.demand);
    largest = std::max(largest, item.head + work / capacity);
  }
  const double first_head = items.back().head;
  const std::size_t num_places = places(capacity, smallest_demand);
  if (num_places == 0 || num_places >= items.size()) return largest;
  std::vector<double> durations;
  durations.reserve(items.size());
  for (const BoundItem& item : items) durations.push_back(item.duration);
  std::sort(durations.begin(), durations.end(), std::greater<>());
  return std::max(largest, first_head + packed_time(durations, num_places));
}

/// Some of the values, spread over their sorted sequence; the smallest among them.
std::vector<double> some_of(std::vector<double> values, std::size_t how_many) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  if (values.size() <= how_many) return values;
  std::vector<double> some;
  for (std::size_t i = 0; i < how_many; ++i) some.push_back(values[i * values.size() / how_many]);
  return some;
}

}  // namespace

std::vector<std::uint32_t> topological_order(const graph::Rows& needs, const graph::Rows& successors) {
  const std::size_t num_tasks = needs.offsets.size() - 1;
  std::vector<std::uint32_t> missing(num_tasks), order;
  order.reserve(num_tasks);
  for (std::uint32_t task = 0; task < num_tasks; ++task) {
    missing[task] = needs.offsets[task + 1] - needs.offsets[task];
    if (missing[task] == 0) order.push_back(task);
  }
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (const std::uint32_t successor : successors[order[i]]) {
      if (--missing[successor] == 0) order.push_back(successor);
    }
  }
  return order;
}

std::vector<double> longest_paths(const graph::Rows& needs, std::span<const double> durations,
                                  std::span<const std::uint32_t> order) {
  std::vector<double> before(durations.size(), 0);
  for (const std::uint32_t task : order) {
    for (const std::uint32_t need : needs[task]) before[task] = std::max(before[task], before[need] + durations[need]);
  }
  return before;
}

std::vector<double> earliest_starts(const BoundModel& model, const graph::Rows& needs,
                                    std::span<const std::uint32_t> order) {
  std::vector<double> heads(model.durations.size(), 0);
  std::vector<BoundItem> joined;
  for (const std::uint32_t task : order) {
    for (const std::uint32_t need : needs[task]) {
      heads[task] = std::max(heads[task], heads[need] + model.durations[need]);
    }
    if (needs[task].size() < 2) continue;
    for (const CountedResource& resource : model.resources) {
      joined.clear();
      for (const std::uint32_t need : needs[task]) {
        if (resource.demands[need] <= 0 || model.durations[need] <= 0) continue;
        joined.push_back({heads[need], 0, model.durations[need], resource.demands[need]});
      }
      if (joined.size() > 1) heads[task] = std::max(heads[task], time_of_join(joined, resource.capacity));
    }
  }
  return heads;
}

double head_area_tail(std::vector<BoundItem> items, double capacity) {
  std::vector<double> tails;
  tails.reserve(items.size());
  for (const BoundItem& item : items) tails.push_back(item.tail);
  std::sort(tails.begin(), tails.end());
  tails.erase(std::unique(tails.begin(), tails.end()), tails.end());

  std::sort(items.begin(), items.end(), [](const BoundItem& a, const BoundItem& b) { return a.head > b.head; });
  TailTree tree(tails.size());
  double largest = 0;
  for (const BoundItem& item : items) {
    const auto index = std::lower_bound(tails.begin(), tails.end(), item.tail) - tails.begin();
    tree.add(static_cast<std::size_t>(index), item.duration * item.demand, capacity * item.tail);
    largest = std::max(largest, item.head + tree.best() / capacity);
  }
  return largest;
}

double packing(std::vector<BoundItem> items, double capacity) {
  constexpr double kMaxSteps = 2e7;
  if (items.empty()) return 0;
  std::sort(items.begin(), items.end(), [](const BoundItem& a, const BoundItem& b) { return a.duration > b.duration; });
  std::vector<double> heads, tails;
  for (const BoundItem& item : items) heads.push_back(item.head), tails.push_back(item.tail);
  const auto side = std::clamp(std::sqrt(kMaxSteps / static_cast<double>(items.size())), 1.0, 32.0);
  heads = some_of(std::move(heads), static_cast<std::size_t>(side));
  tails = some_of(std::move(tails), static_cast<std::size_t>(side));

  double largest = 0;
  std::vector<double> durations;
  for (const double head : heads) {
    for (const double tail : tails) {
      durations.clear();
      double smallest_demand = std::numeric_limits<double>::infinity();
      for (const BoundItem& item : items) {
        if (item.head < head || item.tail < tail) continue;
        durations.push_back(item.duration);
        smallest_demand = std::min(smallest_demand, item.demand);
      }
      if (durations.empty()) continue;
      const std::size_t num_places = places(capacity, smallest_demand);
      if (num_places == 0) continue;
      largest = std::max(largest, head + tail + packed_time(durations, num_places));
    }
  }
  return largest;
}

}  // namespace fugle::plan
