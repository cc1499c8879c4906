#include "plan/acyclic_coarsening.hpp"

#include <utility>

#include "plan/acyclic_matching.hpp"

namespace fugle::plan {
namespace {

constexpr double kStalled = 0.92;  // a level that leaves more of the vertices than this is not worth its memory

std::vector<std::uint32_t> to_coarse(std::span<const std::uint32_t> values, const Contraction& contraction) {
  std::vector<std::uint32_t> coarse(contraction.num_coarse);
  for (std::uint32_t v = 0; v < values.size(); ++v) coarse[contraction.coarse_of[v]] = values[v];
  return coarse;
}

}  // namespace

Hierarchy::Hierarchy(const LevelGraph& finest, std::vector<std::uint32_t> groups, const CoarseningLimits& limits,
                     Random& random)
    : finest_(&finest) {
  while (coarsest().num_vertices() > limits.enough_vertices) {
    const LevelGraph& fine = coarsest();
    Contraction contraction = match(fine, groups, limits.heaviest_pair, random);
    if (contraction.num_coarse > kStalled * fine.num_vertices()) break;
    if (!groups.empty()) groups = to_coarse(groups, contraction);
    coarser_.push_back({contract(fine, contraction.coarse_of, contraction.num_coarse), {}});
    coarser_.back().coarse_of = std::move(contraction.coarse_of);
  }
}

std::vector<std::uint32_t> Hierarchy::to_coarsest(std::vector<std::uint32_t> values) const {
  for (const Level& level : coarser_) {
    std::vector<std::uint32_t> coarse(level.graph.num_vertices());
    for (std::uint32_t v = 0; v < values.size(); ++v) coarse[level.coarse_of[v]] = values[v];
    values = std::move(coarse);
  }
  return values;
}

std::vector<std::uint32_t> Hierarchy::to_finer(std::size_t level, std::span<const std::uint32_t> values) const {
  const std::vector<std::uint32_t>& coarse_of = coarser_[level].coarse_of;
  std::vector<std::uint32_t> fine(coarse_of.size());
  for (std::uint32_t v = 0; v < fine.size(); ++v) fine[v] = values[coarse_of[v]];
  return fine;
}

}  // namespace fugle::plan
