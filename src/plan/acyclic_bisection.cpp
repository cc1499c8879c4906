#include "plan/acyclic_bisection.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "plan/acyclic_coarsening.hpp"
#include "plan/acyclic_first_cut.hpp"
#include "plan/acyclic_move_state.hpp"
#include "plan/acyclic_multilevel.hpp"
#include "plan/acyclic_refinement.hpp"

namespace fugle::plan {
namespace {

constexpr std::uint32_t kCoarsestVertices = 100;
constexpr std::uint32_t kFirstCuts = 4 * kNumFirstCutMethods;
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
  const double bisections = std::ceil(std::log2(num_parts));
  const double slack = mean > 0 ? std::pow(std::max(1.0, limit / mean), 1 / bisections) : 1;
  const std::array<std::uint32_t, 2> parts = {(num_parts + 1) / 2, num_parts / 2};
  const double unit = graph.heaviest() * graph.num_vertices() == graph.total_weight() ? graph.heaviest() : 0;
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

std::vector<std::uint32_t> cut_coarsest(const LevelGraph& graph, const Limits& limits, Random& random) {
  Candidate best;
  for (std::uint32_t i = 0; i < kFirstCuts; ++i) {
    MoveState state(graph, limits, first_cut(graph, limits, i % kNumFirstCutMethods, random));
    refine(state, kFirstEffort, random);
    Candidate candidate{state.parts(), state.overload(), state.cut()};
    if (i == 0 || candidate.is_better_than(best)) best = std::move(candidate);
  }
  return best.parts;
}

Candidate bisect_once(const LevelGraph& graph, const Limits& limits, Random& random) {
  const CoarseningLimits coarsening{kCoarsestVertices, graph.total_weight() / 40};
  const Hierarchy hierarchy(graph, {}, coarsening, random);
  return refine_upwards(hierarchy, limits, cut_coarsest(hierarchy.coarsest(), limits, random), random);
}

std::vector<std::uint32_t> bisect(const LevelGraph& graph, const Limits& limits, Random& random) {
  Candidate best = bisect_once(graph, limits, random);
  for (int i = 0; i < 3; ++i) {
    Candidate other = bisect_once(graph, limits, random);
    best = combine(graph, limits, best, other, random);
  }
  best = improve(graph, limits, best, random);
  return best.parts;
}

}  // namespace

std::vector<std::uint32_t> recursive_bisection(const LevelGraph& graph, std::uint32_t num_parts, double limit,
                                               Random& random) {
  std::vector<std::uint32_t> part_of(graph.num_vertices(), 0);
  std::vector<Share> open(1);
  open[0] = {0, num_parts, {}};
  for (std::uint32_t v = 0; v < graph.num_vertices(); ++v) open[0].vertices.push_back(v);
  while (!open.empty()) {
    Share share = std::move(open.back());
    open.pop_back();
    if (share.num_parts == 1 || share.vertices.empty()) {
      for (const std::uint32_t v : share.vertices) part_of[v] = share.first_part;
      continue;
    }
    const LevelGraph piece = induced(graph, share.vertices);
    const auto sides = bisect(piece, side_limits(piece, share.num_parts, limit), random);
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
