// Workers of other allocations in whole runs: they come late, are told when they end, and leave.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "sim/clusters.hpp"
#include "support/graphs.hpp"

namespace fugle::sim {
namespace {

using namespace std::chrono_literals;
using scheduler::Event;
using scheduler::EventKind;
using scheduler::FailureClass;
using testing::GraphStory;

constexpr Time kLimit = Time{} + 24h;

graph::Graph many(std::uint32_t count) {
  GraphStory story;
  story.task("t").times(count);
  return story.graph();
}

/// One worker with one core, and guests like it.
WorldOptions head_and_guests(std::uint32_t num_guests, Duration length) {
  WorldOptions options = cluster(1 + num_guests, 1);
  options.num_at_start = 1;
  options.model = [=](ElementId, std::uint16_t, Random&) { return Outcome{length}; };
  return options;
}

std::set<WorkerId> workers_of(const World& world) {
  std::set<WorkerId> workers;
  for (const SimAttempt& attempt : world.attempts()) workers.insert(attempt.worker);
  return workers;
}

std::int64_t count(const std::vector<Event>& events, EventKind kind) {
  return std::count_if(events.begin(), events.end(), [&](const Event& event) { return event.kind == kind; });
}

TEST(Guests, take_their_part_of_the_work_from_when_they_come) {
  const graph::Graph graph = many(40);
  World world(graph, plan_of(graph), head_and_guests(3, 1s));
  ASSERT_EQ(world.run(Time{} + 9500ms), std::nullopt);
  for (std::uint32_t guest = 1; guest <= 3; ++guest) world.join(WorkerId(guest));
  EXPECT_EQ(world.run(kLimit), 0);
  EXPECT_LT(world.now(), Time{} + 20s) << "10 were done alone in 10 s, 30 are left for four";
  EXPECT_EQ(workers_of(world).size(), 4u);
  EXPECT_EQ(world.attempts().size(), 40u);
}

TEST(Guests, give_their_work_back_when_their_allocation_ends) {
  const graph::Graph graph = many(4);
  World world(graph, plan_of(graph), head_and_guests(1, 10s));
  world.join(WorkerId(1));
  ASSERT_EQ(world.run(Time{} + 5s), std::nullopt);
  world.set_tenure(WorkerId(1), Time{} + 7s);
  EXPECT_EQ(world.run(kLimit), 0);
  const std::vector<Event>& events = world.store().events();
  const auto preempted = std::find_if(events.begin(), events.end(),
                                      [](const Event& event) { return event.cls == FailureClass::preempted; });
  ASSERT_NE(preempted, events.end());
  EXPECT_GE(preempted->end, Time{} + 7s);
  EXPECT_LT(preempted->end, Time{} + 8s);
  EXPECT_EQ(world.attempts().size(), 5u) << "one was done again";
}

TEST(Guests, leave_no_mark_on_their_node) {
  const graph::Graph graph = many(30);
  WorldOptions options = head_and_guests(6, 2s);
  for (std::uint32_t guest = 1; guest <= 6; ++guest) options.workers[guest].node = "other";
  World world(graph, plan_of(graph), options);
  for (std::uint32_t guest = 1; guest <= 6; ++guest) {
    world.join(WorkerId(guest));
    ASSERT_EQ(world.run(Time{} + guest * 5s), std::nullopt);
    if (guest % 2 == 0)
      world.lose_worker(WorkerId(guest));
    else
      world.set_tenure(WorkerId(guest), Time{});
  }
  EXPECT_EQ(world.run(kLimit), 0);
  EXPECT_EQ(count(world.store().events(), EventKind::node_drained), 0);
  EXPECT_EQ(workers_of(world).size(), 7u);
}

TEST(Guests, get_nothing_that_would_not_end_before_their_allocation_does) {
  GraphStory story;
  story.task("long").times(6).priority(1);
  story.task("short").times(6).mem(1);
  const graph::Graph graph = story.graph();
  WorldOptions options = head_and_guests(1, 1s);
  const auto is_long = [&](ElementId e) { return graph.task_of(e).name == "long"; };
  options.model = [&](ElementId e, std::uint16_t, Random&) { return Outcome{is_long(e) ? 60s : 1s}; };
  for (std::uint32_t e = 0; e < graph.num_elements(); ++e)
    options.expected_s.push_back(graph.is_gate(ElementId(e)) ? 0.0F : is_long(ElementId(e)) ? 60.0F : 1.0F);
  World world(graph, plan_of(graph), options);
  world.join(WorkerId(1), Time{} + 30s);
  EXPECT_EQ(world.run(kLimit), 0);
  for (const SimAttempt& attempt : world.attempts())
    EXPECT_TRUE(attempt.worker == WorkerId(0) || !is_long(attempt.element));
  EXPECT_EQ(workers_of(world).size(), 2u);
}

TEST(Guests, go_when_the_run_is_over_before_they_have_begun) {
  const graph::Graph graph = many(3);
  WorldOptions options = head_and_guests(1, 1s);
  World world(graph, plan_of(graph), options);
  while (!world.state().is_complete()) ASSERT_TRUE(world.advance());
  world.join(WorkerId(1));
  EXPECT_EQ(world.run(kLimit), 0);
  EXPECT_EQ(workers_of(world).size(), 1u);
}

TEST(Guests, keep_the_reserve_of_their_own_allocation) {
  const graph::Graph graph = many(2);
  WorldOptions options = head_and_guests(1, 100s);
  options.reserve = 5s;
  World world(graph, plan_of(graph), options);
  world.join(WorkerId(1));
  world.set_tenure(WorkerId(1), Time{} + 50s);
  EXPECT_EQ(world.run(kLimit), 0);
  const auto first_end = std::min_element(world.attempts().begin(), world.attempts().end(),
                                          [](const auto& a, const auto& b) { return a.end < b.end; });
  EXPECT_GE(first_end->end, Time{} + 45s) << "the reserve is kept";
  EXPECT_LT(first_end->end, Time{} + 46s);
}

}  // namespace
}  // namespace fugle::sim
