#include "plan/acyclic_bisection.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "plan/acyclic_coarsening.hpp"
#include "plan/acyclic_first_cut.hpp"
#include "plan/acyclic_refinement.hpp"

namespace fugle::plan {
namespace {

constexpr std::uint32_t kCoarsestVertices = 100;
constexpr double kCoarsestPairs = 40;       // the heaviest pair is this part of the whole
constexpr std::size_t kManyArcs = 200'000;  // with more of them a bisection is tried once
constexpr std::uint32_t kMostFirstCuts = 4 * kNumFirstCutMethods;
constexpr RefinementEffort kFirstEffort = {4, 100};

using Limits = std::array<double, 2>;

struct Share {
  std::uint32_t first_part;
  std::uint32_t num_parts;
  std::vector<std::uint32_t> vertices;  // of the whole graph, ascending
};

/// What both halves may weigh, so that the imbalance still allowed is spread over the bisections to come.
Limits side_limits(const LevelGraph& graph, std::uint32_t num_parts, double limit) {
  const double mean = graph.total_weight() / num_parts;
  const double slack = mean > 0 ? std::pow(std::max(1.0, limit / mean), 1 / std::ceil(std::log2(num_parts))) : 1;
  const std::array<std::uint32_t, 2> parts = {(num_parts + 1) / 2, num_parts / 2};
  const double unit = common_weight(graph);
  Limits limits{};
  for (std::size_t side = 0; side < 2; ++side) {
    const double share = mean * parts[side];
    limits[side] = share * slack;
    // Where all weigh the same only multiples of it can be reached.
    if (unit > 0) limits[side] = unit * std::max(std::floor(limits[side] / unit), std::ceil(share / unit - 1e-9));
    limits[side] = std::min(limits[side], limit * parts[side]);
  }
  return limits;
}

Candidate first_candidate(const LevelGraph& graph, const Limits& limits, std::uint32_t method, Random& random) {
  MoveState state(graph, limits, first_cut(graph, limits, method, random));
  refine(state, kFirstEffort, random);
  return candidate_of(state);
}

Candidate cut_coarsest(const LevelGraph& graph, const Limits& limits, Random& random) {
  const std::uint32_t rounds = graph.num_vertices() <= 10 * kCoarsestVertices ? kMostFirstCuts : kNumFirstCutMethods;
  Candidate best = first_candidate(graph, limits, 0, random);
  for (std::uint32_t i = 1; i < rounds; ++i) {
    Candidate other = first_candidate(graph, limits, i % kNumFirstCutMethods, random);
    if (other.is_better_than(best)) best = std::move(other);
  }
  return best;
}

Candidate bisect_multilevel(const LevelGraph& graph, const Limits& limits, Random& random) {
  const Hierarchy hierarchy(graph, {}, {kCoarsestVertices, graph.total_weight() / kCoarsestPairs}, random);
  return refine_upwards(hierarchy, limits, cut_coarsest(hierarchy.coarsest(), limits, random).parts, random);
}

/// Without coarsening: good cuts may run along a front through many vertices that a coarse level holds together.
Candidate bisect_flat(const LevelGraph& graph, const Limits& limits, Random& random) {
  Candidate best = first_candidate(graph, limits, kFrontMethods[0], random);
  for (std::size_t i = 1; i < kFrontMethods.size(); ++i) {
    Candidate other = first_candidate(graph, limits, kFrontMethods[i], random);
    if (other.is_better_than(best)) best = std::move(other);
  }
  return best;
}

std::vector<std::uint32_t> bisect(const LevelGraph& graph, const Limits& limits, std::uint32_t tries, Random& random) {
  Candidate best = bisect_flat(graph, limits, random);
  if (graph.num_arcs() > kManyArcs) tries = 1;
  for (std::uint32_t i = 0; i < tries; ++i) {
    best = combine(graph, limits, best, bisect_multilevel(graph, limits, random), random);
  }
  return graph.num_arcs() > kManyArcs ? best.parts : improve(graph, limits, best, random).parts;
}

}  // namespace

double common_weight(const LevelGraph& graph) {
  for (std::uint32_t v = 0; v < graph.num_vertices(); ++v) {
    if (graph.weight(v) != graph.heaviest()) return 0;
  }
  return graph.heaviest();
}

std::vector<std::uint32_t> recursive_bisection(const LevelGraph& graph, std::uint32_t num_parts, double limit,
                                               std::uint32_t tries, Random& random) {
  std::vector<std::uint32_t> part_of(graph.num_vertices(), 0);
  std::vector<Share> open{{0, num_parts, {}}};
  for (std::uint32_t v = 0; v < graph.num_vertices(); ++v) open[0].vertices.push_back(v);
  while (!open.empty()) {
    const Share share = std::move(open.back());
    open.pop_back();
    if (share.num_parts == 1 || share.vertices.size() <= 1) {
      for (const std::uint32_t v : share.vertices) part_of[v] = share.first_part;
      continue;
    }
    const LevelGraph piece = induced(graph, share.vertices);
    const auto sides = bisect(piece, side_limits(piece, share.num_parts, limit), tries, random);
    const std::uint32_t num_first = (share.num_parts + 1) / 2;
    Share first{share.first_part, num_first, {}};
    Share second{share.first_part + num_first, share.num_parts - num_first, {}};
    for (std::uint32_t i = 0; i < sides.size(); ++i) {
      (sides[i] == 0 ? first : second).vertices.push_back(share.vertices[i]);
    }
    open.push_back(std::move(second));
    open.push_back(std::move(first));
  }
  return part_of;
}

}  // namespace fugle::plan
