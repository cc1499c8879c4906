#include "plan/acyclic_multilevel.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "plan/acyclic_refinement.hpp"

namespace fugle::plan {
namespace {

constexpr std::uint32_t kVerticesPerPart = 40;
constexpr std::uint32_t kLargeGraph = 100'000;

RefinementEffort effort_for(const LevelGraph& graph) {
  if (graph.num_vertices() > kLargeGraph) return {2, 2000};
  return {8, std::max(200u, graph.num_vertices() / 20)};
}

Candidate improve_in_groups(const LevelGraph& graph, std::span<const double> limits, const Candidate& candidate,
                            std::vector<std::uint32_t> groups, Random& random) {
  const auto num_parts = static_cast<double>(limits.size());
  const std::uint32_t enough = kVerticesPerPart * static_cast<std::uint32_t>(limits.size());
  const Hierarchy hierarchy(graph, std::move(groups), {enough, graph.total_weight() / num_parts / 20}, random);
  Candidate improved = refine_upwards(hierarchy, limits, hierarchy.to_coarsest(candidate.parts), random);
  return improved.is_better_than(candidate) ? improved : candidate;
}

}  // namespace

bool Candidate::is_better_than(const Candidate& other) const {
  const double noise = 1e-9 * std::max(overload, other.overload);
  return std::abs(overload - other.overload) > noise ? overload < other.overload : cut < other.cut;
}

Candidate candidate_of(const MoveState& state) { return {state.parts(), state.overload(), state.cut()}; }

Candidate refine_upwards(const Hierarchy& hierarchy, std::span<const double> limits, std::vector<std::uint32_t> parts,
                         Random& random) {
  for (std::size_t level = hierarchy.num_levels(); level-- > 0;) {
    MoveState state(hierarchy.graph(level), limits, std::move(parts));
    refine(state, effort_for(hierarchy.graph(level)), random);
    if (level == 0) return candidate_of(state);
    parts = hierarchy.to_finer(level - 1, state.parts());
  }
  return {};
}

Candidate improve(const LevelGraph& graph, std::span<const double> limits, const Candidate& candidate, Random& random) {
  return improve_in_groups(graph, limits, candidate, candidate.parts, random);
}

Candidate combine(const LevelGraph& graph, std::span<const double> limits, const Candidate& a, const Candidate& b,
                  Random& random) {
  // Pairs of parts, numbered in lexicographic order: no arc leads to a smaller pair.
  std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs;
  for (std::uint32_t v = 0; v < graph.num_vertices(); ++v) pairs.emplace_back(a.parts[v], b.parts[v]);
  auto known = pairs;
  std::sort(known.begin(), known.end());
  known.erase(std::unique(known.begin(), known.end()), known.end());
  std::vector<std::uint32_t> groups;
  for (const auto& pair : pairs) {
    groups.push_back(static_cast<std::uint32_t>(std::lower_bound(known.begin(), known.end(), pair) - known.begin()));
  }
  return improve_in_groups(graph, limits, b.is_better_than(a) ? b : a, std::move(groups), random);
}

}  // namespace fugle::plan
