#include "plan/lower_bound.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.hpp"
#include "graph/algorithms.hpp"
#include "plan/branch_and_bound.hpp"
#include "plan/durations.hpp"
#include "plan/policies.hpp"
#include "plan/predict.hpp"
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

TEST(LowerBound, is_at_least_head_area_tail_and_below_a_schedule_on_random_graphs) {
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
    const std::vector<Slot> workers(3);
    const Machine machine{.workers = workers};
    const Problem problem{graph, machine, durations};
    const double bound = bound_of(graph, workers).seconds;
    ASSERT_GE(bound * (1 + 1e-9), head_area_tail_by_definition(graph, durations, 3)) << "seed " << seed;
    ASSERT_LE(bound, predict(problem, highest_rank_first(problem)).makespan_s * (1 + 1e-9)) << "seed " << seed;
  }
}

TEST(LowerBound, adds_up_the_phases_between_joins) {
  SmallGraph maker;
  std::vector<ElementId> before;
  for (int phase = 0; phase < 3; ++phase) {
    std::vector<ElementId> now;
    for (int i = 0; i < 4; ++i) now.push_back(maker.element(i == 0 ? 4 : 1));
    maker.all_need_all(before, now);
    before = now;
  }
  const auto bound = bound_of(std::move(maker).freeze(), {{2, 0}});
  EXPECT_DOUBLE_EQ(bound.seconds, 12);
}

TEST(LowerBound, knows_that_elements_are_not_cut_in_pieces) {
  SmallGraph maker;
  for (int i = 0; i < 5; ++i) maker.element(7);
  const auto bound = bound_of(std::move(maker).freeze(), {{4, 0}});
  EXPECT_DOUBLE_EQ(bound.seconds, 14);
  EXPECT_STREQ(bound.binding, "packing");
}

TEST(LowerBound, knows_that_what_is_left_of_a_worker_is_too_small) {
  SmallGraph maker;
  maker.task(3);
  for (int i = 0; i < 6; ++i) maker.element(2);
  EXPECT_DOUBLE_EQ(bound_of(std::move(maker).freeze(), {{5, 0}, {4, 0}}).seconds, 6);
}

TEST(LowerBound, is_rounded_up_to_what_all_durations_are_multiples_of) {
  SmallGraph maker;
  const auto first = maker.element(1);
  for (int i = 0; i < 3; ++i) maker.element(i + 1, {first});
  maker.element(2);
  EXPECT_DOUBLE_EQ(bound_of(std::move(maker).freeze(), {{2, 0}}).seconds, 5);
}

TEST(LowerBound, counts_gpus) {
  graph::GraphBuilder builder;
  graph::Task task;
  task.name = "t";
  task.request = {1, 0, 1};
  const TaskId id = builder.add_task(task);
  for (int i = 0; i < 6; ++i) builder.add_element(id, fmt::format("t{}", i), {}, from_seconds(2));
  const graph::Graph graph(std::move(builder).build());
  EXPECT_DOUBLE_EQ(bound_of(graph, {{8, 0, 2}}).seconds, 6);
  EXPECT_STREQ(bound_of(graph, {{8, 0, 2}}).binding, "gpus");
}

TEST(LowerBound, takes_the_fastest_worker_where_they_differ) {
  SmallGraph maker;
  const auto a = maker.element(1);
  maker.element(1, {a});
  const graph::Graph graph = std::move(maker).freeze();
  Machine machine;
  machine.workers.resize(2);
  EXPECT_DOUBLE_EQ(lower_bound({graph, machine, std::vector<double>{3, 3}, std::vector<double>{2, 4, 5, 1}}).seconds,
                   3);
}

TEST(LowerBound, is_not_above_the_optimum_of_tiny_problems) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Random random(seed);
    SmallGraph maker;
    std::vector<ElementId> made;
    for (int i = 0; i < 7; ++i) {
      maker.task(1 + static_cast<std::uint32_t>(random.below(3)), random.below(3) * 40);
      const double seconds = 1 + static_cast<double>(random.below(9));
      if (made.empty() || random.chance(0.5)) {
        made.push_back(maker.element(seconds));
      } else {
        made.push_back(maker.element(seconds, {made[random.below(made.size())], made[random.below(made.size())]}));
      }
    }
    const graph::Graph graph = std::move(maker).freeze();
    const auto durations = expected_durations(graph);
    Machine machine;
    machine.workers = {{4, 100}, {3, 90}};
    const Problem problem{graph, machine, durations, {}};
    const ExactResult exact =
        branch_and_bound(worker_model_of(problem), {.better_than_s = 1e9, .max_steps = 100'000'000});
    ASSERT_TRUE(exact.is_complete);
    ASSERT_LE(lower_bound(problem).seconds, exact.makespan_s * (1 + 1e-9)) << "seed " << seed;
  }
}

}  // namespace
}  // namespace fugle::plan
