// How runs end when much is against them: what the seeds of fault_test found, each as a run of its own.
#include <gtest/gtest.h>

#include "sim/clusters.hpp"
#include "sim/world.hpp"
#include "support/graphs.hpp"

namespace fugle::sim {
namespace {

using namespace std::chrono_literals;
using scheduler::Engine;
using scheduler::Event;
using scheduler::EventKind;
using scheduler::FailureClass;
using scheduler::State;
using testing::GraphStory;

constexpr Time kLimit = Time{} + 1h;

TEST(RunEnd, does_not_wait_for_leased_elements_that_need_what_fits_nowhere) {
  GraphStory story;
  auto small = story.task("small").times(4), big = story.task("big").cores(8);
  story.task("last").after(small).after(big);
  const graph::Graph graph = story.graph();
  plan::Plan plan = plan_of(graph);
  plan.homes.assign(graph.num_elements(), WorkerId(0));
  plan.leases.assign(graph.num_elements(), 0);
  WorldOptions options = cluster(1, 2);
  options.expected_s.assign(graph.num_elements(), 0.0001F);  // so short that whole leases are granted
  options.model = [](ElementId, std::uint16_t, Random&) { return Outcome{100us}; };
  World world(graph, plan, options);
  EXPECT_EQ(world.run(kLimit), 4);
  EXPECT_EQ(world.state().state(graph.find("last")), State::waiting);
}

TEST(RunEnd, does_not_wait_for_leased_elements_that_need_what_is_held) {
  GraphStory story;
  auto first = story.task("first").times(2);
  story.task("last").after(first);
  const graph::Graph graph = story.graph();
  plan::Plan plan = plan_of(graph);
  plan.homes.assign(graph.num_elements(), WorkerId(0));
  plan.leases.assign(graph.num_elements(), 0);
  WorldOptions options = cluster(1, 2);
  options.expected_s.assign(graph.num_elements(), 0.0001F);
  World world(graph, plan, options);
  world.hold_element(graph.find("first[1]"));
  EXPECT_EQ(world.run(kLimit), 4);
  EXPECT_EQ(world.store().events().back().text, "1 element is held (fugle release RUN ELEMENT lets it start)");
}

/// What leaves some elements out: those that are selected run, also where whole leases are granted and in chains.
class Selection : public ::testing::Test {
 protected:
  Selection() : graph_(graph()) {
    plan_ = plan_of(graph_);
    plan_.homes.assign(graph_.num_elements(), WorkerId(0));
    plan_.leases.assign(graph_.num_elements(), 0);
    options_ = cluster(1, 2);
    options_.expected_s.assign(graph_.num_elements(), 0.0001F);
    options_.left_out.assign(graph_.num_elements(), false);
    for (const char* id : {"second[1]", "third"}) options_.left_out[graph_.find(id).value()] = true;
  }

  static graph::Graph graph() {
    GraphStory story;
    auto first = story.task("first");
    auto second = story.task("second").times(2).after(first);
    story.task("third").after(second);
    return story.graph();
  }

  graph::Graph graph_;
  plan::Plan plan_;
  WorldOptions options_;
};

TEST_F(Selection, runs_what_is_asked_for_and_nothing_else) {
  World world(graph_, plan_, options_);
  EXPECT_EQ(world.run(kLimit), 0);
  EXPECT_EQ(world.state().state(graph_.find("second[0]")), State::ok);
  EXPECT_EQ(world.state().state(graph_.find("second[1]")), State::ready);
  EXPECT_EQ(world.state().state(graph_.find("third")), State::waiting);
  EXPECT_EQ(world.store().events().back().text, "what was selected has ended; 2 elements were not selected");
}

TEST_F(Selection, has_failed_when_something_of_it_has) {
  options_.model = [&](ElementId e, std::uint16_t, Random&) {
    return Outcome{1ms, e == graph_.find("second[0]") ? FailureClass::error : FailureClass::none};
  };
  World world(graph_, plan_, options_);
  EXPECT_EQ(world.run(kLimit), 1);
  EXPECT_EQ(world.state().state(graph_.find("second[1]")), State::ready);
}

TEST(RunEnd, is_incomplete_when_what_was_held_is_released_too_late) {
  GraphStory story;
  story.task("held");
  const graph::Graph graph = story.graph();
  bool is_leaving = false;
  WorldOptions options = cluster(2, 1);
  options.on_message = [&](WorkerId, WorkerId, const scheduler::Message& message) {
    is_leaving = is_leaving || std::holds_alternative<scheduler::Shutdown>(message);
  };
  World world(graph, plan_of(graph), options);
  world.hold_element(graph.find("held"));
  while (!is_leaving) ASSERT_TRUE(world.advance());
  world.release_element(graph.find("held"));
  EXPECT_EQ(world.run(kLimit), 4);
  EXPECT_EQ(world.store().events().back().text, "1 element is held (fugle release RUN ELEMENT lets it start)");
}

TEST(RunEnd, waits_quietly_for_a_worker_that_swaps_beyond_the_end_of_the_allocation) {
  GraphStory story;
  story.task("t");
  const graph::Graph graph = story.graph();
  WorldOptions options = cluster(2, 1);
  options.end_of_allocation = Time{} + 1s;
  World world(graph, plan_of(graph), options);
  world.run(Time{} + 5ms);
  world.pause(WorkerId(1), 30s);
  for (int i = 0; i < 500 && !world.has_ended(); ++i) world.advance();
  ASSERT_TRUE(world.has_ended());
  EXPECT_GE(world.now(), Time{} + 30s);
}

TEST(RunEnd, has_a_drain_become_a_stop_when_the_allocation_ends) {
  GraphStory story;
  story.task("endless");
  const graph::Graph graph = story.graph();
  for (const int exit_code : {130, 1}) {
    WorldOptions options = cluster(1, 1);
    options.end_of_allocation = Time{} + 10s;
    options.model = [](ElementId, std::uint16_t, Random&) { return Outcome{24h}; };
    World world(graph, plan_of(graph), options);
    world.run(Time{} + 1s);
    world.request_stop(Engine::StopKind::drain, exit_code);
    EXPECT_EQ(world.run(kLimit), exit_code == 130 ? 130 : 4);
    EXPECT_LT(world.now(), Time{} + 11s);
  }
}

TEST(Cancel, is_not_forgotten_when_a_worker_dies_with_what_it_was_to_end) {
  GraphStory story;
  story.task("t").times(4);
  const graph::Graph graph = story.graph();
  WorldOptions options = cluster(2, 1);
  options.workers[0].cores = 0;
  options.workers.push_back({"n2", 2, 1, 1u << 30, 0, {}});
  options.model = [](ElementId, std::uint16_t, Random&) { return Outcome{1s}; };
  World world(graph, plan_of(graph), options);
  world.run(Time{} + 500ms);
  const SimAttempt first = world.attempts().front();
  world.cancel_element(first.element);
  world.lose_worker(first.worker);
  EXPECT_EQ(world.run(kLimit), 1);
  EXPECT_EQ(world.state().state(first.element), State::cancelled);
  EXPECT_EQ(world.state().count(State::ok), 3u);
}

TEST(Cancel, is_not_forgotten_when_an_attempt_fails_at_the_same_time) {
  GraphStory story;
  story.task("t").retries(3, 10ms);
  const graph::Graph graph = story.graph();
  WorldOptions options = cluster(2, 1);
  options.workers[0].cores = 0;
  options.model = [](ElementId, std::uint16_t, Random&) { return Outcome{1s, FailureClass::error, 1}; };
  World world(graph, plan_of(graph), options);
  while (world.counts().ended == 0) ASSERT_TRUE(world.advance());  // the head has not heard of it yet
  world.cancel_element(ElementId(0));
  EXPECT_EQ(world.run(kLimit), 1);
  EXPECT_EQ(world.state().state(ElementId(0)), State::cancelled);
  EXPECT_EQ(world.attempts().size(), 1u);
}

graph::Graph with_finally() {
  GraphStory story;
  story.task("work");
  story.task("sum").task().runs_finally = true;
  return story.graph();
}

TEST(Finally, runs_though_it_may_be_skipped_when_all_else_is_complete) {
  const graph::Graph graph = with_finally();
  WorldOptions options = cluster(1, 1);
  options.skip_finally = true;
  World world(graph, plan_of(graph), options);
  EXPECT_EQ(world.run(kLimit), 0);
  EXPECT_EQ(world.state().state(graph.find("sum")), State::ok);
}

TEST(Finally, waits_for_workers_when_all_else_was_complete_before_this_life) {
  const graph::Graph graph = with_finally();
  WorldOptions options = cluster(2, 1);
  options.workers[0].cores = 0;
  World first(graph, plan_of(graph), options);
  while (first.state().state(graph.find("work")) != State::ok) ASSERT_TRUE(first.advance());
  World second(graph, plan_of(graph), options, first.store().events());
  EXPECT_EQ(second.run(kLimit), 0);
  EXPECT_EQ(second.state().state(graph.find("sum")), State::ok);
}

}  // namespace
}  // namespace fugle::sim
