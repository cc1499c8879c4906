#include "plan/acyclic_refinement.hpp"

#include <gtest/gtest.h>

#include "plan/acyclic_multilevel.hpp"
#include "random_dag.hpp"

namespace fugle::plan {
namespace {

std::vector<std::uint32_t> pieces(std::uint32_t n, std::uint32_t num_parts) {
  std::vector<std::uint32_t> parts(n);
  for (std::uint32_t v = 0; v < n; ++v) parts[v] = v * num_parts / n;
  return parts;
}

TEST(MoveState, knows_cut_and_gains_after_any_moves) {
  Random random(1);
  const LevelGraph graph = level_of(random_dag(200, 4, 40, random));
  const std::vector<double> limits(5, 60.0);
  MoveState state(graph, limits, pieces(200, 5));
  for (int i = 0; i < 3000; ++i) {
    const auto v = static_cast<std::uint32_t>(random.below(200));
    const auto direction = random.chance(0.5) ? Direction::up : Direction::down;
    const auto move = state.best_move(v, direction);
    if (!move) continue;
    const double cut_before = cut_of(graph, state.parts());
    state.move(v, move->target, [](std::uint32_t) {});
    ASSERT_EQ(cut_before - cut_of(graph, state.parts()), move->gain);
    ASSERT_EQ(state.cut(), cut_of(graph, state.parts()));
  }
  expect_no_arc_back(graph, state.parts());
  double weight = 0;
  for (std::uint32_t part = 0; part < 5; ++part) weight += state.part_weight(part);
  EXPECT_EQ(weight, 200);
}

TEST(Refine, lowers_the_cut_within_the_limits) {
  Random random(2);
  for (int i = 0; i < 20; ++i) {
    const LevelGraph graph = level_of(random_dag(400, 3, 100, random));
    const std::vector<double> limits(4, 105.0);
    MoveState state(graph, limits, pieces(400, 4));
    const double before = state.cut();
    refine(state, {8, 100}, random);
    expect_no_arc_back(graph, state.parts());
    EXPECT_LT(state.cut(), before);
    EXPECT_EQ(state.overload(), 0);
  }
}

TEST(Refine, empties_parts_above_their_limits) {
  Random random(3);
  const LevelGraph graph = level_of(random_dag(400, 3, 100, random));
  const std::vector<double> limits(8, 52.0);
  for (const std::uint32_t full : {0u, 3u, 7u}) {
    MoveState state(graph, limits, std::vector<std::uint32_t>(400, full));
    refine(state, {8, 100}, random);
    expect_no_arc_back(graph, state.parts());
    EXPECT_EQ(state.overload(), 0) << full;
  }
}

TEST(Combine, is_not_worse_than_either) {
  Random random(4);
  const LevelGraph graph = level_of(random_dag(600, 3, 60, random));
  const std::vector<double> limits(3, 210.0);
  const auto candidate = [&](std::uint32_t shift) {
    std::vector<std::uint32_t> parts(600);
    for (std::uint32_t v = 0; v < 600; ++v) parts[v] = v < 195 + shift ? 0 : v < 395 + shift ? 1 : 2;
    return candidate_of(MoveState(graph, limits, parts));
  };
  const Candidate a = candidate(0), b = candidate(10);
  const Candidate both = combine(graph, limits, a, b, random);
  expect_no_arc_back(graph, both.parts);
  EXPECT_FALSE(a.is_better_than(both));
  EXPECT_FALSE(b.is_better_than(both));
  EXPECT_EQ(both.cut, cut_of(graph, both.parts));
}

}  // namespace
}  // namespace fugle::plan
