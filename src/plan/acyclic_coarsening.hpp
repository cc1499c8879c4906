// Coarsening of a DAG that keeps it acyclic: pairs of vertices become one, level after level.
//
// Let `depth` be any numbering that grows along every arc. Pairs are made of vertices of the same depth, or of the two
// ends of an arc whose depths differ by one. A cycle of pairs could then only run through arc pairs of one and the same
// depth d, along arcs from d to d + 1. So arc pairs of the same depth are held in order: an arc from the first vertex
// of pair A to the second of pair B is allowed only if A's first vertex has the smaller number. The order that proves
// a level acyclic (depth, then arc pairs after the others, then first vertex) is also the numbering of the next one.
// Herrmann et al. 2019 (section 4.1) restrict depths in the same way but forbid every arc between such pairs; holding
// them in order leaves more of them. The depths are drawn anew for each level, between earliest and latest possible.
//
// Groups: vertices of different groups are never paired. Where groups are ordered (no arc leads to a smaller one),
// arcs between groups do not count for the depths: a partition survives as groups, and can be refined on all levels.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "base/random.hpp"
#include "plan/acyclic_level_graph.hpp"

namespace fugle::plan {

struct CoarseningLimits {
  std::uint32_t enough_vertices;  ///< coarsening stops at or below this many
  double heaviest_pair;           ///< no pair becomes heavier
};

/// A graph (not owned, has to outlive this) and its coarser and coarser images.
class Hierarchy {
 public:
  /// `groups` [vertex], ordered as above, small numbers; empty: one group.
  Hierarchy(const LevelGraph& finest, std::vector<std::uint32_t> groups, const CoarseningLimits& limits,
            Random& random);

  [[nodiscard]] std::size_t num_levels() const { return coarser_.size() + 1; }
  /// Level 0 is the finest.
  [[nodiscard]] const LevelGraph& graph(std::size_t level) const {
    return level == 0 ? *finest_ : coarser_[level - 1].graph;
  }
  [[nodiscard]] const LevelGraph& coarsest() const { return graph(num_levels() - 1); }
  /// What `values` of the vertices of the finest level are on the coarsest; equal within what became one.
  [[nodiscard]] std::vector<std::uint32_t> to_coarsest(std::vector<std::uint32_t> values) const;
  /// Values of level + 1 as values of `level`.
  [[nodiscard]] std::vector<std::uint32_t> to_finer(std::size_t level, std::span<const std::uint32_t> values) const;

 private:
  struct Level {
    LevelGraph graph;
    std::vector<std::uint32_t> coarse_of;  // [vertex of the level before]
  };

  const LevelGraph* finest_;
  std::deque<Level> coarser_;
};

}  // namespace fugle::plan
