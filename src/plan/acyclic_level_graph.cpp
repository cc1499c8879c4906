#include "plan/acyclic_level_graph.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "plan/counting_sort.hpp"

namespace fugle::plan {
namespace {

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

/// Collects the arcs of one coarse vertex after the other; parallel ones are added up.
class CoarseArcs {
 public:
  explicit CoarseArcs(std::uint32_t num_coarse) : place_(num_coarse, kNone) {}

  void start_row(std::uint32_t source) { source_ = source, row_start_ = ends.size(); }
  void add(std::uint32_t target, double weight) {
    // A place before the start of this row is left over from another one.
    if (place_[target] == kNone || place_[target] < row_start_) {
      place_[target] = static_cast<std::uint32_t>(ends.size());
      ends.emplace_back(source_, target);
      weights.push_back(weight);
    } else {
      weights[place_[target]] += weight;
    }
  }

  std::vector<ArcRows::Ends> ends;
  std::vector<double> weights;

 private:
  std::vector<std::uint32_t> place_;  // [coarse vertex] where its last arc was put
  std::uint32_t source_ = 0;
  std::size_t row_start_ = 0;
};

}  // namespace

ArcRows::ArcRows(std::uint32_t num_vertices, const std::vector<Ends>& arcs, const std::vector<double>& weights) {
  std::vector<Property> properties(weights.size());
  std::transform(weights.begin(), weights.end(), properties.begin(), [](double weight) { return Property{weight}; });
  graph_ = BoostGraph(boost::edges_are_sorted, arcs.begin(), arcs.end(), properties.begin(), num_vertices,
                      static_cast<std::uint32_t>(arcs.size()));
}

ArcRows ArcRows::reversed() const {
  std::vector<std::uint32_t> next(num_vertices() + 1, 0);
  for (std::uint32_t v = 0; v < num_vertices(); ++v) {
    for (const Arc arc : (*this)[v]) ++next[arc.vertex + 1];
  }
  std::partial_sum(next.begin(), next.end(), next.begin());
  std::vector<Ends> ends(num_arcs());
  std::vector<double> weights(num_arcs());
  for (std::uint32_t v = 0; v < num_vertices(); ++v) {
    for (const Arc arc : (*this)[v]) {
      const std::uint32_t place = next[arc.vertex]++;
      ends[place] = {arc.vertex, v};
      weights[place] = arc.weight;
    }
  }
  return {num_vertices(), ends, weights};
}

LevelGraph::LevelGraph(std::vector<double> vertex_weights, const std::vector<ArcRows::Ends>& arcs,
                       const std::vector<double>& arc_weights)
    : weights_(std::move(vertex_weights)), successors_(num_vertices(), arcs, arc_weights) {
  predecessors_ = successors_.reversed();
  for (const double weight : weights_) {
    total_weight_ += weight;
    heaviest_ = std::max(heaviest_, weight);
  }
}

LevelGraph contract(const LevelGraph& fine, std::span<const std::uint32_t> coarse_of, std::uint32_t num_coarse) {
  std::vector<double> weights(num_coarse, 0);
  for (std::uint32_t v = 0; v < fine.num_vertices(); ++v) weights[coarse_of[v]] += fine.weight(v);

  CoarseArcs arcs(num_coarse);
  std::uint32_t current = kNone;
  for (const std::uint32_t v : counting_sort(coarse_of, num_coarse)) {
    if (coarse_of[v] != current) arcs.start_row(current = coarse_of[v]);
    for (const Arc arc : fine.successors()[v]) {
      if (coarse_of[arc.vertex] != current) arcs.add(coarse_of[arc.vertex], arc.weight);
    }
  }
  return {std::move(weights), arcs.ends, arcs.weights};
}

LevelGraph induced(const LevelGraph& graph, std::span<const std::uint32_t> vertices) {
  std::vector<std::uint32_t> number(graph.num_vertices(), kNone);
  for (std::uint32_t i = 0; i < vertices.size(); ++i) number[vertices[i]] = i;
  std::vector<double> weights;
  std::vector<ArcRows::Ends> ends;
  std::vector<double> arc_weights;
  weights.reserve(vertices.size());
  for (std::uint32_t i = 0; i < vertices.size(); ++i) {
    weights.push_back(graph.weight(vertices[i]));
    for (const Arc arc : graph.successors()[vertices[i]]) {
      if (number[arc.vertex] == kNone) continue;
      ends.emplace_back(i, number[arc.vertex]);
      arc_weights.push_back(arc.weight);
    }
  }
  return {std::move(weights), ends, arc_weights};
}

}  // namespace fugle::plan
