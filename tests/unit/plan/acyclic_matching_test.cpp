#include "plan/acyclic_matching.hpp"

#include <gtest/gtest.h>

#include "random_dag.hpp"

namespace fugle::plan {
namespace {

/// Coarse numbers grow along every arc that stays between pairs: so there is no cycle.
void expect_topological(const LevelGraph& graph, const Contraction& contraction) {
  for (std::uint32_t v = 0; v < graph.num_vertices(); ++v) {
    for (const Arc arc : graph.successors()[v]) {
      ASSERT_LE(contraction.coarse_of[v], contraction.coarse_of[arc.vertex]);
    }
  }
}

TEST(AcyclicMatching, never_makes_a_cycle) {
  Random random(1);
  for (int i = 0; i < 200; ++i) {
    const auto n = static_cast<std::uint32_t>(2 + random.below(200));
    const LevelGraph graph = level_of(random_dag(n, 5, static_cast<std::uint32_t>(1 + random.below(n)), random));
    expect_topological(graph, match(graph, {}, 1e9, random));
  }
}

TEST(AcyclicMatching, keeps_groups_apart_and_in_order) {
  Random random(2);
  for (int i = 0; i < 100; ++i) {
    const LevelGraph graph = level_of(random_dag(200, 5, 50, random));
    std::vector<std::uint32_t> groups(200);
    for (std::uint32_t v = 0; v < 200; ++v) groups[v] = v / 37;
    const Contraction contraction = match(graph, groups, 1e9, random);
    expect_topological(graph, contraction);
    std::vector<std::uint32_t> group_of(contraction.num_coarse, 99);
    for (std::uint32_t v = 0; v < 200; ++v) {
      std::uint32_t& group = group_of[contraction.coarse_of[v]];
      EXPECT_TRUE(group == 99 || group == groups[v]);
      group = groups[v];
    }
  }
}

TEST(AcyclicMatching, respects_the_heaviest_pair) {
  Random random(3);
  std::vector<double> weights(300);
  for (double& weight : weights) weight = random.uniform();
  const LevelGraph graph = level_of(random_dag(300, 4, 50, random), weights);
  const Contraction contraction = match(graph, {}, 0.8, random);
  std::vector<double> pair_weight(contraction.num_coarse, 0);
  std::vector<int> size(contraction.num_coarse, 0);
  for (std::uint32_t v = 0; v < 300; ++v) {
    pair_weight[contraction.coarse_of[v]] += weights[v];
    ++size[contraction.coarse_of[v]];
  }
  for (std::uint32_t c = 0; c < contraction.num_coarse; ++c) {
    EXPECT_LE(size[c], 2);
    if (size[c] == 2) {
      EXPECT_LE(pair_weight[c], 0.8);
    }
  }
}

TEST(AcyclicMatching, shrinks_stencils_stars_and_isolated_vertices_well) {
  Random random(4);
  graph::Rows stencil;
  for (std::uint32_t v = 0; v < 2500; ++v) {
    for (const std::uint32_t back : {51u, 50u, 49u}) {
      if (v >= 51) stencil.columns.push_back(v - back);
    }
    stencil.offsets.push_back(static_cast<std::uint32_t>(stencil.columns.size()));
  }
  EXPECT_LE(match(level_of(stencil), {}, 1e9, random).num_coarse, 1700u);

  graph::Rows star;
  star.offsets.push_back(0);
  for (std::uint32_t v = 1; v < 1000; ++v) {
    star.columns.push_back(0);
    star.offsets.push_back(v);
  }
  EXPECT_LE(match(level_of(star), {}, 1e9, random).num_coarse, 510u);

  graph::Rows isolated;
  isolated.offsets.assign(1001, 0);
  EXPECT_LE(match(level_of(isolated), {}, 1e9, random).num_coarse, 510u);
}

TEST(AcyclicMatching, contraction_keeps_all_weight) {
  Random random(5);
  const LevelGraph graph = level_of(random_dag(500, 5, 50, random));
  const Contraction contraction = match(graph, {}, 1e9, random);
  const LevelGraph coarse = contract(graph, contraction.coarse_of, contraction.num_coarse);
  EXPECT_EQ(coarse.total_weight(), graph.total_weight());
  EXPECT_LT(coarse.num_vertices(), graph.num_vertices());
  double between = 0, coarse_weight = 0;
  for (std::uint32_t v = 0; v < graph.num_vertices(); ++v) {
    for (const Arc arc : graph.successors()[v]) {
      between += contraction.coarse_of[v] != contraction.coarse_of[arc.vertex] ? arc.weight : 0;
    }
  }
  for (std::uint32_t v = 0; v < coarse.num_vertices(); ++v) {
    for (const Arc arc : coarse.successors()[v]) {
      EXPECT_LT(v, arc.vertex);
      coarse_weight += arc.weight;
    }
  }
  EXPECT_EQ(coarse_weight, between);
}

}  // namespace
}  // namespace fugle::plan
