#include "plan/lower_bound.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.hpp"
#include "graph/algorithms.hpp"
#include "plan/durations.hpp"
#include "small_graph.hpp"

namespace fugle::plan {
namespace {

LowerBound bound_of(const graph::Graph& graph, const std::vector<Slot>& workers) {
  return lower_bound(graph, workers, expected_durations(graph));
}

TEST(LowerBound, of_a_chain_is_its_length) {
  SmallGraph maker;
  const auto a = maker.element(2);
  maker.element(3, {a});
  const auto bound = bound_of(std::move(maker).freeze(), {{4, 0}});
  EXPECT_DOUBLE_EQ(bound.seconds, 5);
  EXPECT_STREQ(bound.binding, "critical path");
}

TEST(LowerBound, of_independent_elements_is_their_core_seconds_over_the_cores) {
  SmallGraph maker;
  maker.task(2);
  for (int i = 0; i < 6; ++i) maker.element(4);
  const auto bound = bound_of(std::move(maker).freeze(), {{2, 0}, {2, 0}});
  EXPECT_DOUBLE_EQ(bound.seconds, 12);
  EXPECT_STREQ(bound.binding, "cores");
}

TEST(LowerBound, counts_memory_where_every_worker_does) {
  SmallGraph maker;
  maker.task(1, 100);
  for (int i = 0; i < 8; ++i) maker.element(1);
  const graph::Graph graph = std::move(maker).freeze();
  EXPECT_DOUBLE_EQ(bound_of(graph, {{8, 200}}).seconds, 4);
  EXPECT_STREQ(bound_of(graph, {{8, 200}}).binding, "memory");
  EXPECT_DOUBLE_EQ(bound_of(graph, {{8, 0}}).seconds, 1);
}

TEST(LowerBound, sees_a_wide_middle_between_a_long_head_and_a_long_tail) {
  SmallGraph maker;
  const auto head = maker.element(10);
  std::vector<ElementId> middle;
  for (int i = 0; i < 8; ++i) middle.push_back(maker.element(1, {head}));
  maker.all_need_all(middle, {maker.element(10)});
  const auto bound = bound_of(std::move(maker).freeze(), {{2, 0}});
  EXPECT_DOUBLE_EQ(bound.seconds, 10 + 4 + 10);
  EXPECT_STREQ(bound.binding, "head-area-tail");
}

/// The definition, over all pairs of thresholds.
double head_area_tail_by_definition(const graph::Graph& graph, const std::vector<double>& durations, double cores) {
  const std::size_t n = graph.num_elements();
  const auto ranks = graph::upward_ranks(graph, durations);
  std::vector<double> head(n, 0);
  for (std::uint32_t e = 0; e < n; ++e) {  // ids are a topological order here
    for (const std::uint32_t need : graph.needs(ElementId(e)))
      head[e] = std::max(head[e], head[need] + durations[need]);
  }
  double largest = 0;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      const double a = head[i];
      const double b = ranks[j] - durations[j];
      double work = 0;
      for (std::size_t e = 0; e < n; ++e) {
        if (head[e] >= a && ranks[e] - durations[e] >= b) work += durations[e];
      }
      if (work > 0) largest = std::max(largest, a + work / cores + b);
    }
  }
  return largest;
}

TEST(LowerBound, equals_its_definition_on_random_graphs) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Random random(seed);
    SmallGraph maker;
    std::vector<ElementId> made;
    for (int i = 0; i < 40; ++i) {
      const double seconds = 0.5 + random.uniform() * 10;
      if (made.size() < 3 || random.chance(0.2)) {
        made.push_back(maker.element(seconds));
      } else {
        made.push_back(maker.element(seconds, {made[random.below(made.size())], made[random.below(made.size())]}));
      }
    }
    const graph::Graph graph = std::move(maker).freeze();
    const auto durations = expected_durations(graph);
    const double by_definition = head_area_tail_by_definition(graph, durations, 3);
    ASSERT_NEAR(bound_of(graph, {{1, 0}, {2, 0}}).seconds, by_definition, 1e-9 * by_definition) << "seed " << seed;
  }
}

}  // namespace
}  // namespace fugle::plan
