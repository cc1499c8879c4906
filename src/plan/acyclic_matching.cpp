#include "plan/acyclic_matching.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "plan/counting_sort.hpp"

namespace fugle::plan {
namespace {

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint8_t kMaxRefusals = 8;      // of a vertex with many arcs: each costs a look at all of them
constexpr double kEnoughPairs = 0.1;          // per vertex
constexpr std::size_t kLargeGraph = 100'000;  // vertices
constexpr double kTiny = 1e-100;
constexpr std::size_t kMaxTriesPerVertex = 4;  // partners in order of preference

class Matching {
 public:
  Matching(const LevelGraph& graph, std::span<const std::uint32_t> groups, double heaviest_pair, Random& random)
      : graph_(graph),
        groups_(groups),
        heaviest_pair_(heaviest_pair),
        random_(random),
        partner_(graph.num_vertices(), kNone),
        refusals_(graph.num_vertices(), 0) {}

  Contraction run() {
    set_depths();
    set_arc_weights();
    const std::vector<std::uint32_t> order = visiting_order();
    for (const std::uint32_t v : order) {
      if (partner_[v] == kNone) match_along_arc(v);
    }
    if (num_pairs_ < kEnoughPairs * graph_.num_vertices()) match_siblings(order);
    return number_pairs();
  }

 private:
  enum class DepthRule { earliest, latest, either };
  struct Candidate {
    double rating;
    std::uint32_t vertex;
    std::uint32_t tie;
  };

  [[nodiscard]] bool same_group(std::uint32_t u, std::uint32_t v) const {
    return groups_.empty() || groups_[u] == groups_[v];
  }

  void set_depths() {
    const auto rule = static_cast<DepthRule>(random_.below(3));
    const std::uint32_t n = graph_.num_vertices();
    depth_.assign(n, 0);
    if (rule != DepthRule::latest) {
      for (std::uint32_t v = 0; v < n; ++v) depth_[v] = earliest_depth(v);
    }
    if (rule == DepthRule::earliest) return;
    std::vector<std::uint32_t> height(n, 0);  // arcs to the farthest successor
    std::uint32_t highest = 0;
    for (std::uint32_t v = n; v-- > 0;) {
      for (const Arc arc : graph_.successors()[v]) {
        if (same_group(v, arc.vertex)) height[v] = std::max(height[v], height[arc.vertex] + 1);
      }
      highest = std::max(highest, height[v]);
      if (rule == DepthRule::either) highest = std::max(highest, height[v] + depth_[v]);
    }
    for (std::uint32_t v = 0; v < n; ++v) {
      const bool early = rule == DepthRule::either && random_.chance(0.5);
      depth_[v] = early ? earliest_depth(v) : highest - height[v];
    }
  }

  void set_arc_weights() {
    arc_weights_.assign(graph_.num_vertices(), 0);
    for (std::uint32_t v = 0; v < graph_.num_vertices(); ++v) {
      for (const Arc arc : graph_.successors()[v]) {
        arc_weights_[v] += arc.weight;
        arc_weights_[arc.vertex] += arc.weight;
      }
    }
  }

  /// Given the depths of its predecessors.
  [[nodiscard]] std::uint32_t earliest_depth(std::uint32_t v) const {
    std::uint32_t depth = 0;
    for (const Arc arc : graph_.predecessors()[v]) {
      if (same_group(v, arc.vertex)) depth = std::max(depth, depth_[arc.vertex] + 1);
    }
    return depth;
  }

  std::vector<std::uint32_t> visiting_order() {
    std::vector<std::uint32_t> order(graph_.num_vertices());
    for (std::uint32_t v = 0; v < order.size(); ++v) order[v] = v;
    // In large graphs the way through memory counts for more than the last bit of chance.
    const std::size_t stride = order.size() > kLargeGraph ? 64 : 1;
    const std::size_t num_blocks = order.size() / stride;
    for (std::size_t block = num_blocks; block > 1; --block) {
      const std::size_t other = random_.below(block);
      if (other == block - 1) continue;
      std::swap_ranges(order.begin() + static_cast<std::ptrdiff_t>((block - 1) * stride),
                       order.begin() + static_cast<std::ptrdiff_t>(block * stride),
                       order.begin() + static_cast<std::ptrdiff_t>(other * stride));
    }
    return order;
  }

  void match_along_arc(std::uint32_t v) {
    collect_candidates(v);
    const auto better = [](const Candidate& a, const Candidate& b) {
      return a.rating != b.rating ? a.rating > b.rating : a.tie > b.tie;
    };
    const std::size_t tries = std::min(kMaxTriesPerVertex, candidates_.size());
    std::partial_sort(candidates_.begin(), candidates_.begin() + static_cast<std::ptrdiff_t>(tries), candidates_.end(),
                      better);
    for (std::size_t i = 0; i < tries; ++i) {
      const std::uint32_t u = candidates_[i].vertex;
      const auto [first, second] = std::minmax(u, v);
      if (keeps_order(first, second)) {
        pair_up(u, v);
        return;
      }
      ++refusals_[u];
    }
  }

  void pair_up(std::uint32_t u, std::uint32_t v) {
    partner_[u] = v;
    partner_[v] = u;
    ++num_pairs_;
  }

  void collect_candidates(std::uint32_t v) {
    candidates_.clear();
    for (const ArcRows* rows : {&graph_.predecessors(), &graph_.successors()}) {
      for (const Arc arc : (*rows)[v]) {
        const std::uint32_t u = arc.vertex;
        const std::uint32_t apart = std::max(depth_[u], depth_[v]) - std::min(depth_[u], depth_[v]);
        if (apart != 1 || partner_[u] != kNone || refusals_[u] >= kMaxRefusals || !same_group(u, v)) continue;
        if (graph_.weight(u) + graph_.weight(v) > heaviest_pair_) continue;
        candidates_.push_back({rate(u, v, arc.weight), u, static_cast<std::uint32_t>(random_.next())});
      }
    }
  }

  /// What the pair would have inside beside what it would have outside (Holtgrewe, Sanders, Schulz 2010: innerOuter);
  /// light vertices first. The weight of v, the same for all candidates of v, is left out.
  [[nodiscard]] double rate(std::uint32_t u, std::uint32_t v, double arc_weight) const {
    const double outside = arc_weights_[u] + arc_weights_[v] - 2 * arc_weight;
    return arc_weight / (std::max(outside, kTiny) * std::max(std::sqrt(graph_.weight(u)), kTiny));
  }

  /// The arc pair (first, second) is in order with the arc pairs of its depth.
  [[nodiscard]] bool keeps_order(std::uint32_t first, std::uint32_t second) const {
    for (const Arc arc : graph_.successors()[first]) {
      const std::uint32_t head = arc.vertex;
      if (head == second || depth_[head] != depth_[second] || !same_group(first, head) || !is_second(head)) continue;
      if (partner_[head] < first) return false;
    }
    for (const Arc arc : graph_.predecessors()[second]) {
      const std::uint32_t tail = arc.vertex;
      if (tail == first || depth_[tail] != depth_[first] || !same_group(second, tail) || !is_first(tail)) continue;
      if (tail > first) return false;
    }
    return true;
  }
  [[nodiscard]] bool is_first(std::uint32_t v) const {
    return partner_[v] != kNone && depth_[partner_[v]] == depth_[v] + 1;
  }
  [[nodiscard]] bool is_second(std::uint32_t v) const {
    return partner_[v] != kNone && depth_[partner_[v]] + 1 == depth_[v];
  }

  void match_siblings(std::span<const std::uint32_t> order) {
    // [2 x neighbour + side] a vertex at this side of the neighbour that waits for a partner
    std::vector<std::uint32_t> waiting(2 * std::size_t{graph_.num_vertices()} + 1, kNone);
    for (const std::uint32_t v : order) {
      if (partner_[v] != kNone) continue;
      const std::size_t meeting = meeting_place(v);
      const std::uint32_t u = waiting[meeting];
      if (u != kNone && depth_[u] == depth_[v] && same_group(u, v) &&
          graph_.weight(u) + graph_.weight(v) <= heaviest_pair_) {
        pair_up(u, v);
        waiting[meeting] = kNone;
      } else {
        waiting[meeting] = v;
      }
    }
  }

  /// Its most important neighbour of the same group, and on which side of it v is; the last place for those without.
  [[nodiscard]] std::size_t meeting_place(std::uint32_t v) const {
    std::size_t place = 2 * std::size_t{graph_.num_vertices()};
    double heaviest = -1;
    std::size_t side = 0;
    for (const ArcRows* rows : {&graph_.predecessors(), &graph_.successors()}) {
      for (const Arc arc : (*rows)[v]) {
        if (arc.weight > heaviest && same_group(v, arc.vertex)) {
          heaviest = arc.weight;
          place = 2 * std::size_t{arc.vertex} + side;
        }
      }
      ++side;
    }
    return place;
  }

  Contraction number_pairs() const {
    const std::uint32_t n = graph_.num_vertices();
    std::vector<std::uint32_t> leaders;  // of each pair the vertex that comes first
    std::vector<std::uint32_t> keys(n);
    leaders.reserve(n);
    std::uint32_t num_keys = 0;
    for (std::uint32_t v = 0; v < n; ++v) {
      if (partner_[v] != kNone && (is_second(v) || (!is_first(v) && partner_[v] < v))) continue;
      leaders.push_back(v);
      keys[v] = 2 * depth_[v] + (is_first(v) ? 1 : 0);
      num_keys = std::max(num_keys, keys[v] + 1);
    }
    leaders = counting_sort(leaders, keys, num_keys);
    if (!groups_.empty()) {
      const std::uint32_t last_group = *std::max_element(groups_.begin(), groups_.end());
      leaders = counting_sort(leaders, groups_, last_group + 1);
    }
    Contraction result;
    result.coarse_of.resize(n);
    for (const std::uint32_t v : leaders) {
      result.coarse_of[v] = result.num_coarse;
      if (partner_[v] != kNone) result.coarse_of[partner_[v]] = result.num_coarse;
      ++result.num_coarse;
    }
    return result;
  }

  const LevelGraph& graph_;
  std::span<const std::uint32_t> groups_;
  double heaviest_pair_;
  Random& random_;
  std::vector<std::uint32_t> depth_;
  std::vector<double> arc_weights_;  // [vertex] of all its arcs
  std::vector<std::uint32_t> partner_;
  std::uint32_t num_pairs_ = 0;
  std::vector<std::uint8_t> refusals_;
  std::vector<Candidate> candidates_;
};

}  // namespace

Contraction match(const LevelGraph& graph, std::span<const std::uint32_t> groups, double heaviest_pair,
                  Random& random) {
  return Matching(graph, groups, heaviest_pair, random).run();
}

}  // namespace fugle::plan
