#include "app/run_plan.hpp"

#include <gtest/gtest.h>

#include "support/graphs.hpp"

namespace fugle::app {
namespace {

using std::chrono::seconds;

graph::Graph fan() {
  fugle::testing::GraphStory story;
  auto a = story.task("a").takes(seconds(1)).times(8);
  story.task("b").takes(seconds(5)).times(8).after(a);
  return story.graph();
}

RunPlan plan_of(const scheduler::RunState& state, const plan::Machine& machine) {
  plan::PlanOptions options;
  options.policy = plan::Policy::heft;
  return make_run_plan(state, machine, plan::known_durations(state.graph(), {}, {}), options, {});
}

TEST(RunPlan, a_head_that_only_leads_is_nobodys_home) {
  const graph::Graph graph = fan();
  const scheduler::RunState state(graph, 1);
  plan::Machine machine;
  machine.workers = {{0, 0, 0}, {2, 0, 0}, {2, 0, 0}};
  machine.node_of = {0, 0, 1};
  const RunPlan run_plan = plan_of(state, machine);
  ASSERT_EQ(run_plan.plan.order.size(), graph.num_elements());
  std::vector<int> at_home(3);
  for (const WorkerId home : run_plan.plan.homes)
    if (home.is_valid()) ++at_home.at(home.value());
  EXPECT_EQ(at_home[0], 0);
  EXPECT_GT(at_home[1], 0);
  EXPECT_GT(at_home[2], 0);
}

TEST(RunPlan, takes_it_that_there_may_be_no_worker_yet) {
  const graph::Graph graph = fan();
  const scheduler::RunState state(graph, 1);
  plan::Machine machine;
  machine.workers = {{0, 0, 0}};
  EXPECT_EQ(plan_of(state, machine).plan.order.size(), graph.num_elements());
}

TEST(RunPlan, what_is_done_takes_no_time_any_more) {
  fugle::testing::GraphStory story;
  auto a = story.task("a").takes(seconds(1));
  auto b = story.task("b").takes(seconds(9));
  story.task("c").takes(seconds(3)).after(a);
  story.task("d").takes(seconds(1)).after(b);
  const graph::Graph graph = story.graph();
  scheduler::RunState state(graph, 1);
  plan::Machine machine;
  machine.workers = {{1, 0, 0}};
  const auto first = [&](const char* one, const char* other) {
    const auto order = plan_of(state, machine).plan.order;
    return order[graph.find(one).value()] < order[graph.find(other).value()];
  };
  EXPECT_TRUE(first("b", "c")) << "10 s to go against 3";
  scheduler::Effects effects;
  for (const auto kind : {scheduler::EventKind::attempt_started, scheduler::EventKind::attempt_ended}) {
    scheduler::Event event;
    event.kind = kind;
    event.attempt = 1;
    event.element = graph.find("b");
    event.worker = WorkerId(0);
    apply(state, event, effects);
  }
  EXPECT_TRUE(first("c", "d")) << "3 s against 1";
  EXPECT_TRUE(first("a", "d")) << "4 s against 1";
}

}  // namespace
}  // namespace fugle::app
