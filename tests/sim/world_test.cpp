// What a simulated world does to its ranks, fault by fault.
#include "sim/world.hpp"

#include <gtest/gtest.h>

#include "graph/algorithms.hpp"
#include "plan/durations.hpp"
#include "plan/start_order.hpp"
#include "support/graphs.hpp"

namespace fugle::sim {
namespace {

using namespace std::chrono_literals;
using scheduler::EventKind;
using scheduler::State;
using testing::GraphStory;

constexpr Time kLimit = Time{} + 1h;

/// Ten elements of a second on a head that runs nothing and two workers with a
/// core each.
struct TenSeconds {
  TenSeconds() {
    GraphStory story;
    story.task("t").times(10);
    graph = story.graph();
    plan.order = plan::start_order(graph, graph::upward_ranks(graph, plan::expected_durations(graph)));
    for (std::uint32_t w = 0; w < 3; ++w)
      options.workers.push_back({"n" + std::to_string(w), w, w == 0 ? 0u : 1u, 1u << 30, 0, {}});
    options.model = [](ElementId, std::uint16_t, Random&) { return Outcome{1s}; };
  }
  [[nodiscard]] std::size_t num_started_on(const World& world, std::uint32_t worker) const {
    std::size_t count = 0;
    for (const SimAttempt& attempt : world.attempts()) count += attempt.worker == WorkerId(worker) ? 1 : 0;
    return count;
  }

  graph::Graph graph;
  plan::Plan plan;
  WorldOptions options;
};

TEST(World, lets_what_a_paused_rank_runs_end_and_tells_later) {
  TenSeconds story;
  World world(story.graph, story.plan, story.options);
  world.run(Time{} + 500ms);
  world.pause(WorkerId(2), 20s);
  world.run(Time{} + 19s);
  EXPECT_EQ(world.state().count(State::running), 1u) << "nobody has heard of its end";
  EXPECT_EQ(world.run(kLimit), 0);
  EXPECT_EQ(world.attempts().size(), 10u);
  EXPECT_EQ(story.num_started_on(world, 2), 1u) << "the other one did the rest";
  EXPECT_GE(world.now(), Time{} + 20s);
}

TEST(World, has_done_again_what_a_lost_worker_had_no_time_to_tell) {
  TenSeconds story;
  World world(story.graph, story.plan, story.options);
  world.run(Time{} + 500ms);
  while (world.counts().ended == 0) ASSERT_TRUE(world.advance());
  const WorkerId worker = world.last_stepped();
  world.lose_worker(worker, {10, 0s});
  EXPECT_EQ(world.run(kLimit), 0);
  EXPECT_EQ(world.attempts().size(), 11u);
  EXPECT_EQ(world.attempts()[0].element, world.attempts()[2].element);
}

TEST(World, ends_with_3_when_a_commit_fails_and_nothing_more_is_durable) {
  TenSeconds story;
  World world(story.graph, story.plan, story.options);
  world.run(Time{} + 2500ms);
  const auto durable = world.store().durable();
  world.fail_store(MemoryStore::Fault::disk);
  EXPECT_EQ(world.run(kLimit), 3);
  EXPECT_EQ(world.store().durable(), durable);
  EXPECT_LT(world.now(), Time{} + 4s) << "what runs is ended";
}

TEST(World, ends_with_5_when_another_head_has_taken_over) {
  TenSeconds story;
  World world(story.graph, story.plan, story.options);
  world.run(Time{} + 2500ms);
  world.fail_store(MemoryStore::Fault::superseded);
  EXPECT_EQ(world.run(kLimit), 5);
}

TEST(World, has_the_workers_leave_when_the_head_dies) {
  TenSeconds story;
  World world(story.graph, story.plan, story.options);
  world.run(Time{} + 2500ms);
  world.lose_worker(WorkerId(0));
  EXPECT_FALSE(world.run(kLimit));
  EXPECT_TRUE(world.is_still());
  EXPECT_EQ(world.counts().started, world.counts().ended);
  EXPECT_EQ(world.counts().started, 6u);
}

TEST(World, has_a_rank_whose_spawner_died_leave_and_the_others_do_its_work) {
  TenSeconds story;
  World world(story.graph, story.plan, story.options);
  world.run(Time{} + 500ms);
  world.break_spawner(WorkerId(1), World::Repair::leaves);
  EXPECT_EQ(world.run(kLimit), 0);
  EXPECT_EQ(story.num_started_on(world, 1), 1u);
}

}  // namespace
}  // namespace fugle::sim
