#include "plan/acyclic_first_cut.hpp"

#include <algorithm>
#include <queue>

namespace fugle::plan {
namespace {

/// How the next of the vertices is chosen that have all before them.
enum class Preference : std::uint8_t { latest_ready, any, least_cut, least_cut_near };

/// A topological order along `forward`, given the same arcs backward.
class Growth {
 public:
  Growth(const ArcRows& forward, const ArcRows& backward, Preference preference, Random& random)
      : forward_(forward), backward_(backward), preference_(preference), random_(random) {}

  std::vector<std::uint32_t> run() {
    const std::uint32_t n = forward_.num_vertices();
    std::vector<std::uint32_t> order;
    std::vector<std::uint32_t> missing(n);
    for (std::uint32_t v = 0; v < n; ++v) {
      missing[v] = backward_.degree(v);
      if (missing[v] == 0) add(v, 0);
    }
    order.reserve(n);
    while (!ready_.empty()) {
      const std::uint32_t v = ready_.top().vertex;
      ready_.pop();
      order.push_back(v);
      for (const Arc arc : forward_[v]) {
        if (--missing[arc.vertex] == 0) add(arc.vertex, order.size());
      }
    }
    return order;
  }

 private:
  struct Ready {
    double priority;
    std::uint32_t tie;
    std::uint32_t vertex;
    friend bool operator<(const Ready& a, const Ready& b) {
      return a.priority != b.priority ? a.priority < b.priority : a.tie < b.tie;
    }
  };

  void add(std::uint32_t v, std::size_t now) {
    ready_.push({priority(v, static_cast<double>(now)), static_cast<std::uint32_t>(random_.next()), v});
  }
  double priority(std::uint32_t v, double now) {
    switch (preference_) {
      case Preference::latest_ready: return now;
      case Preference::any: return random_.uniform();
      case Preference::least_cut: return saved(v);
      case Preference::least_cut_near: break;
    }
    return saved(v) * (0.5 + random_.uniform()) + mean_arc() * now / 4;
  }
  /// By how much the cut of the prefix falls when v joins it: all that leads to v is in it already.
  [[nodiscard]] double saved(std::uint32_t v) const {
    double saved = 0;
    for (const Arc arc : backward_[v]) saved += arc.weight;
    for (const Arc arc : forward_[v]) saved -= arc.weight;
    return saved;
  }
  double mean_arc() {
    if (mean_arc_ < 0) {
      mean_arc_ = 0;
      for (std::uint32_t v = 0; v < forward_.num_vertices(); ++v) {
        for (const Arc arc : forward_[v]) mean_arc_ += arc.weight / static_cast<double>(forward_.num_arcs());
      }
    }
    return mean_arc_;
  }

  const ArcRows& forward_;
  const ArcRows& backward_;
  Preference preference_;
  Random& random_;
  double mean_arc_ = -1;
  std::priority_queue<Ready> ready_;
};

/// How many vertices of the order make up part 0.
std::size_t best_prefix(const LevelGraph& graph, std::span<const double> limits,
                        std::span<const std::uint32_t> order) {
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
