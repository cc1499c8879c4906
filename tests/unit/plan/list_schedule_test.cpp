#include "plan/list_schedule.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "graph/algorithms.hpp"
#include "plan/durations.hpp"
#include "plan/lower_bound.hpp"
#include "plan/start_order.hpp"
#include "small_graph.hpp"

namespace fugle::plan {
namespace {

Schedule schedule_of(const graph::Graph& graph, const std::vector<Slot>& workers) {
  const auto durations = expected_durations(graph);
  return list_schedule(graph, workers, durations, start_order(graph, graph::upward_ranks(graph, durations)));
}

TEST(ListSchedule, runs_a_chain_one_after_another) {
  SmallGraph maker;
  const auto a = maker.element(2);
  const auto b = maker.element(3, {a});
  const auto schedule = schedule_of(std::move(maker).freeze(), {{4, 0}});
  EXPECT_EQ(schedule.placements[a.value()].end_s, 2);
  EXPECT_EQ(schedule.placements[b.value()].start_s, 2);
  EXPECT_EQ(schedule.makespan_s, 5);
}

TEST(ListSchedule, starts_the_long_way_first_when_cores_are_few) {
  SmallGraph maker;
  const auto lone = maker.element(4);
  const auto head = maker.element(1);
  maker.element(6, {head});
  const auto schedule = schedule_of(std::move(maker).freeze(), {{1, 0}});
  EXPECT_EQ(schedule.placements[head.value()].start_s, 0);
  EXPECT_EQ(schedule.placements[lone.value()].start_s, 7);
}

TEST(ListSchedule, spreads_over_the_workers_with_the_most_free_cores) {
  SmallGraph maker;
  const auto a = maker.element(1), b = maker.element(1), c = maker.element(1);
  const auto schedule = schedule_of(std::move(maker).freeze(), {{1, 0}, {2, 0}});
  EXPECT_EQ(schedule.placements[a.value()].worker, WorkerId(1));
  EXPECT_EQ(schedule.placements[b.value()].worker, WorkerId(0));
  EXPECT_EQ(schedule.placements[c.value()].worker, WorkerId(1));
}

TEST(ListSchedule, lets_small_elements_pass_a_large_one_that_does_not_fit_yet) {
  SmallGraph maker;
  maker.task(2);
  const auto first = maker.element(9), large = maker.element(8);
  maker.task(1);
  const auto small = maker.element(1);
  const auto schedule = schedule_of(std::move(maker).freeze(), {{3, 0}});
  EXPECT_EQ(schedule.placements[first.value()].start_s, 0);
  EXPECT_EQ(schedule.placements[small.value()].start_s, 0);
  EXPECT_EQ(schedule.placements[large.value()].start_s, 9);
}

TEST(ListSchedule, leaves_out_what_fits_nowhere_and_what_needs_it) {
  SmallGraph maker;
  const auto huge = maker.task(64).element(1);
  maker.task(1);
  const auto after = maker.element(1, {huge});
  const auto other = maker.element(2);
  const auto schedule = schedule_of(std::move(maker).freeze(), {{4, 0}});
  EXPECT_EQ(schedule.num_unplaced, 2u);
  EXPECT_FALSE(schedule.placements[huge.value()].worker.is_valid());
  EXPECT_FALSE(schedule.placements[after.value()].worker.is_valid());
  EXPECT_TRUE(schedule.placements[other.value()].worker.is_valid());
  EXPECT_EQ(schedule.makespan_s, 2);
}

TEST(ListSchedule, passes_gates_at_the_instant_their_last_need_ends) {
  SmallGraph maker;
  std::vector<ElementId> first, second;
  for (int i = 0; i < 6; ++i) first.push_back(maker.element(1 + i));
  for (int i = 0; i < 6; ++i) second.push_back(maker.element(1));
  maker.all_need_all(first, second);
  const graph::Graph graph = std::move(maker).freeze();
  ASSERT_GT(graph.num_elements(), graph.num_real_elements());
  const auto schedule = schedule_of(graph, {{6, 0}});
  for (const ElementId e : second) EXPECT_EQ(schedule.placements[e.value()].start_s, 6);
  EXPECT_EQ(schedule.makespan_s, 7);
  EXPECT_EQ(schedule.num_unplaced, 0u);
}

graph::Graph random_graph(std::uint64_t seed) {
  Random random(seed);
  SmallGraph maker;
  std::vector<ElementId> made;
  for (int t = 0; t < 6; ++t) {
    maker.task(1 + static_cast<std::uint32_t>(random.below(4)), random.below(3) * 10,
               static_cast<std::int32_t>(random.below(3)));
    for (int i = 0; i < 8; ++i) {
      ElementId need;
      if (!made.empty() && random.chance(0.7)) need = made[random.below(made.size())];
      const double seconds = static_cast<double>(1 + random.below(9));
      made.push_back(need.is_valid() ? maker.element(seconds, {need}) : maker.element(seconds));
    }
  }
  return std::move(maker).freeze();
}

TEST(ListSchedule, of_a_thousand_random_graphs_respects_needs_capacity_and_the_lower_bound) {
  const std::vector<Slot> workers{{4, 40}, {6, 90}, {4, 0}};
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    const graph::Graph graph = random_graph(seed);
    const auto durations = expected_durations(graph);
    const auto schedule = schedule_of(graph, workers);
    ASSERT_EQ(schedule.num_unplaced, 0u) << "seed " << seed;
    ASSERT_GE(schedule.makespan_s * (1 + 1e-9), lower_bound(graph, workers, durations).seconds) << "seed " << seed;
    for (std::uint32_t e = 0; e < graph.num_elements(); ++e) {
      const Placement& placed = schedule.placements[e];
      for (const std::uint32_t need : graph.needs(ElementId(e))) {
        ASSERT_GE(placed.start_s, schedule.placements[need].end_s) << "seed " << seed;
      }
      std::uint32_t cores = 0;
      std::uint64_t mem = 0;
      for (std::uint32_t other = 0; other < graph.num_elements(); ++other) {
        const Placement& beside = schedule.placements[other];
        if (beside.worker != placed.worker || beside.start_s > placed.start_s || beside.end_s <= placed.start_s)
          continue;
        cores += graph.task_of(ElementId(other)).request.cores;
        mem += memory_on(workers[placed.worker.value()], graph.task_of(ElementId(other)).request);
      }
      ASSERT_LE(cores, workers[placed.worker.value()].cores) << "seed " << seed;
      ASSERT_LE(mem, workers[placed.worker.value()].mem_bytes) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace fugle::plan
