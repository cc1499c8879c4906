#include "plan/heft.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.hpp"
#include "plan/predict.hpp"
#include "published_graphs.hpp"

namespace fugle::plan {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::Pointwise;

/// Task, counted from 1; processor, counted from 1.
struct Slotted {
  std::uint32_t task, processor;
  double start, end;
};

void expect_schedule(const HeftSchedule& schedule, const std::vector<Slotted>& published) {
  for (const Slotted& slotted : published) {
    const Placement& placed = schedule.placements[slotted.task - 1];
    EXPECT_EQ(placed.worker, WorkerId(slotted.processor - 1)) << "task " << slotted.task;
    EXPECT_EQ(placed.start_s, slotted.start) << "task " << slotted.task;
    EXPECT_EQ(placed.end_s, slotted.end) << "task " << slotted.task;
  }
}

TEST(Heft, gives_the_published_ranks_order_and_schedule) {
  const PublishedProblem published = heft_paper();
  const auto ranks = upward_ranks(published.problem());
  EXPECT_THAT(ranks,
              Pointwise(DoubleNear(0.001), {108.0, 77.0, 80.0, 80.0, 69.0, 63.333, 42.667, 35.667, 44.333, 14.667}));
  EXPECT_EQ(heft_method_for(published.problem()), HeftMethod::insertion);
  const HeftSchedule schedule = heft_schedule(published.problem(), ranks, HeftMethod::insertion);
  EXPECT_THAT(schedule.sequence, ElementsAre(0, 2, 3, 1, 4, 5, 8, 6, 7, 9));
  EXPECT_EQ(schedule.makespan_s, 80);
  expect_schedule(schedule, {{1, 3, 0, 9},
                             {2, 1, 27, 40},
                             {3, 3, 9, 28},
                             {4, 2, 18, 26},
                             {5, 3, 28, 38},
                             {6, 2, 26, 42},
                             {7, 3, 38, 49},
                             {8, 1, 57, 62},
                             {9, 2, 56, 68},
                             {10, 2, 73, 80}});
}

TEST(Heft, gives_the_ranks_and_makespan_of_the_peft_paper) {
  const PublishedProblem published = peft_paper();
  const auto ranks = upward_ranks(published.problem());
  EXPECT_THAT(ranks, Pointwise(DoubleNear(0.001),
                               {169.0, 114.333, 102.667, 110.0, 129.667, 119.333, 52.667, 92.0, 42.333, 20.667}));
  EXPECT_EQ(heft_schedule(published.problem(), ranks, HeftMethod::insertion).makespan_s, 133);
}

TEST(Heft, plans_are_followed_to_the_published_makespans) {
  for (const auto& [published, makespan] : {std::pair(heft_paper(), 80), std::pair(peft_paper(), 133)}) {
    const Plan plan = make_plan(published.problem(), {.policy = Policy::heft});
    EXPECT_EQ(predict(published.problem(), plan).makespan_s, makespan);
  }
}

TEST(Heft, uses_the_gap_before_what_is_placed_already) {
  SmallGraph maker;
  const auto first = maker.element(1);
  const auto large = maker.task(2).element(10, {first});
  maker.task(1).element(1);
  const graph::Graph graph = std::move(maker).freeze();
  const Machine machine{.workers = {{2}}};
  const std::vector<double> durations{1, 10, 1};
  const Problem problem{graph, machine, durations, {}};
  const HeftSchedule schedule = heft_schedule(problem, upward_ranks(problem), HeftMethod::insertion);
  EXPECT_EQ(schedule.placements[large.value()].start_s, 1);
  EXPECT_EQ(schedule.placements[2].start_s, 0);
}

TEST(Heft, places_what_fits_nowhere_and_what_needs_it_on_no_worker) {
  for (const HeftMethod method : {HeftMethod::insertion, HeftMethod::list, HeftMethod::local}) {
    SmallGraph maker;
    const auto huge = maker.task(64).element(1);
    const auto after = maker.task(1).element(1, {huge});
    const auto other = maker.element(2);
    const graph::Graph graph = std::move(maker).freeze();
    const Machine machine{.workers = {{4}}};
    const std::vector<double> durations{1, 1, 2};
    const Problem problem{graph, machine, durations, {}};
    const HeftSchedule schedule = heft_schedule(problem, upward_ranks(problem), method);
    EXPECT_FALSE(schedule.placements[huge.value()].worker.is_valid());
    EXPECT_FALSE(schedule.placements[after.value()].worker.is_valid());
    EXPECT_TRUE(schedule.placements[other.value()].worker.is_valid());
    EXPECT_EQ(schedule.makespan_s, 2);
  }
}

TEST(Heft, methods_for_large_graphs_are_near_to_insertion) {
  Random random(5);
  SmallGraph maker;
  std::vector<double> durations;
  for (std::uint32_t e = 0; e < 600; ++e) {
    durations.push_back(1 + static_cast<double>(random.below(9)));
    if (e < 40) {
      maker.element(durations.back());
    } else {
      maker.element(durations.back(), {ElementId(e - 40 + static_cast<std::uint32_t>(random.below(40))),
                                       ElementId(e - 40 + static_cast<std::uint32_t>(random.below(40)))});
    }
  }
  const graph::Graph graph = std::move(maker).freeze();
  const Machine machine{.workers = std::vector<Slot>(4, Slot{3})};
  const Problem problem{graph, machine, durations, {}};
  const auto ranks = upward_ranks(problem);
  const double exact = heft_schedule(problem, ranks, HeftMethod::insertion).makespan_s;
  EXPECT_NEAR(heft_schedule(problem, ranks, HeftMethod::list).makespan_s, exact, 0.02 * exact);
  EXPECT_LE(heft_schedule(problem, ranks, HeftMethod::local).makespan_s, 1.2 * exact);
}

}  // namespace
}  // namespace fugle::plan
