#include "plan/acyclic_first_cut.hpp"

#include <algorithm>
#include <bit>
#include <queue>
#include <tuple>

namespace fugle::plan {
namespace {

/// How the next of the vertices is chosen that have all before them.
enum class Preference : std::uint8_t { latest_ready, longest_way, least_cut, most_closed };

/// A topological order along `forward`, given the same arcs backward.
class Growth {
 public:
  Growth(const ArcRows& forward, const ArcRows& backward, Preference preference, Random& random)
      : forward_(forward), backward_(backward), preference_(preference), random_(random) {}

  std::vector<std::uint32_t> run() {
    const std::uint32_t n = forward_.num_vertices();
    std::vector<std::uint32_t> order;
    order.reserve(n);
    missing_.resize(n);
    is_placed_.assign(n, false);
    for (std::uint32_t v = 0; v < n; ++v) missing_[v] = backward_.degree(v);
    set_heights();
    for (std::uint32_t v = 0; v < n; ++v) {
      if (missing_[v] == 0) add(v, 0);
    }
    while (!ready_.empty()) {
      const std::uint32_t v = ready_.top().vertex;
      ready_.pop();
      if (is_placed_[v]) continue;
      is_placed_[v] = true;
      order.push_back(v);
      for (const Arc arc : forward_[v]) {
        const std::uint32_t left = --missing_[arc.vertex];
        if (left == 0) {
          add(arc.vertex, order.size());
        } else if (preference_ == Preference::most_closed && std::has_single_bit(left)) {
          add_ready_ones_of(arc.vertex, order.size());
        }
      }
    }
    return order;
  }

 private:
  struct Ready {
    double priority;
    std::uint32_t height;
    std::uint32_t tie;
    std::uint32_t vertex;
    friend bool operator<(const Ready& a, const Ready& b) {
      return std::tie(a.priority, a.height, a.tie) < std::tie(b.priority, b.height, b.tie);
    }
  };

  void add(std::uint32_t v, std::size_t now) {
    const std::uint32_t height = preference_ == Preference::most_closed ? heights_[v] : 0;
    ready_.push({priority(v, static_cast<double>(now)), height, static_cast<std::uint32_t>(random_.next()), v});
  }
  /// What leads to v is nearer to being complete: its ready ones are worth more than before.
  void add_ready_ones_of(std::uint32_t v, std::size_t now) {
    for (const Arc arc : backward_[v]) {
      if (missing_[arc.vertex] == 0 && !is_placed_[arc.vertex]) add(arc.vertex, now);
    }
  }

  [[nodiscard]] double priority(std::uint32_t v, double now) {
    switch (preference_) {
      case Preference::latest_ready: return now;
      case Preference::longest_way: return heights_[v];
      case Preference::least_cut: return arc_weight(backward_, v) - arc_weight(forward_, v);
      case Preference::most_closed: break;
    }
    return closed_share(v);
  }
  [[nodiscard]] static double arc_weight(const ArcRows& rows, std::uint32_t v) {
    double weight = 0;
    for (const Arc arc : rows[v]) weight += arc.weight;
    return weight;
  }
  /// The part of the arc weight of v that would not be cut, or soon would not: an arc to a vertex counts as far as
  /// all that leads there is in place.
  [[nodiscard]] double closed_share(std::uint32_t v) const {
    double closed = arc_weight(backward_, v);
    double all = closed;
    for (const Arc arc : forward_[v]) {
      const double needed = backward_.degree(arc.vertex);
      closed += arc.weight * (needed - missing_[arc.vertex]) / needed;
      all += arc.weight;
    }
    return all > 0 ? closed / all : 1;
  }

  void set_heights() {
    std::vector<std::uint32_t> waiting_for(forward_.num_vertices());
    std::vector<std::uint32_t> open;
    heights_.assign(forward_.num_vertices(), 0);
    for (std::uint32_t v = 0; v < heights_.size(); ++v) {
      waiting_for[v] = forward_.degree(v);
      if (waiting_for[v] == 0) open.push_back(v);
    }
    while (!open.empty()) {
      const std::uint32_t v = open.back();
      open.pop_back();
      for (const Arc arc : backward_[v]) {
        heights_[arc.vertex] = std::max(heights_[arc.vertex], heights_[v] + 1);
        if (--waiting_for[arc.vertex] == 0) open.push_back(arc.vertex);
      }
    }
  }

  const ArcRows& forward_;
  const ArcRows& backward_;
  Preference preference_;
  Random& random_;
  std::vector<std::uint32_t> missing_;  // [vertex] how many that lead to it are not placed
  std::vector<bool> is_placed_;
  std::vector<std::uint32_t> heights_;  // [vertex] arcs of the longest way forward
  std::priority_queue<Ready> ready_;
};

/// How many vertices of the order make up part 0.
std::size_t best_prefix(const LevelGraph& graph, std::span<const double> limits, std::span<const std::uint32_t> order) {
  double inside = 0, cut = 0;
  double least_overload = -1, least_cut = 0;
  std::size_t best = 0;
  for (std::size_t i = 0; i <= order.size(); ++i) {
    const double overload =
        std::max(inside - limits[0], 0.0) + std::max(graph.total_weight() - inside - limits[1], 0.0);
    if (least_overload < 0 || overload < least_overload || (overload == least_overload && cut < least_cut)) {
      least_overload = overload;
      least_cut = cut;
      best = i;
    }
    if (i == order.size()) break;
    inside += graph.weight(order[i]);
    for (const Arc arc : graph.successors()[order[i]]) cut += arc.weight;
    for (const Arc arc : graph.predecessors()[order[i]]) cut -= arc.weight;
  }
  return best;
}

}  // namespace

std::vector<std::uint32_t> first_cut(const LevelGraph& graph, std::span<const double> limits, std::uint32_t method,
                                     Random& random) {
  const auto preference = static_cast<Preference>(method / 2);
  const bool from_sources = method % 2 == 0;
  const ArcRows& forward = from_sources ? graph.successors() : graph.predecessors();
  const ArcRows& backward = from_sources ? graph.predecessors() : graph.successors();
  std::vector<std::uint32_t> order = Growth(forward, backward, preference, random).run();
  if (!from_sources) std::reverse(order.begin(), order.end());

  std::vector<std::uint32_t> parts(graph.num_vertices(), 1);
  const std::size_t num_first = best_prefix(graph, limits, order);
  for (std::size_t i = 0; i < num_first; ++i) parts[order[i]] = 0;
  return parts;
}

}  // namespace fugle::plan
