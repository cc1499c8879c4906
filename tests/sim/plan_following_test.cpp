// What is planned is what happens: the granter follows homes, order and leases as predict() says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "plan/predict.hpp"
#include "sim/clusters.hpp"
#include "sim/world.hpp"
#include "support/graph_shapes.hpp"
#include "support/graphs.hpp"

namespace fugle::sim {
namespace {

using namespace std::chrono_literals;
using plan::Policy;
using testing::GraphStory;

constexpr Time kLimit = Time{} + 240h;

std::vector<double> durations_of(const graph::Graph& graph) {
  std::vector<double> seconds;
  for (std::uint32_t e = 0; e < graph.num_elements(); ++e) seconds.push_back(to_seconds(graph.estimate(ElementId(e))));
  return seconds;
}

/// The world does what the plan counted with.
void run_as_estimated(WorldOptions& options, const std::vector<double>& durations) {
  options.expected_s.assign(durations.begin(), durations.end());
  options.model = [&durations](ElementId e, std::uint16_t, Random&) {
    return Outcome{from_seconds(durations[e.value()])};
  };
}

std::map<ElementId, SimAttempt> attempts_of(const World& world) {
  std::map<ElementId, SimAttempt> attempts;
  for (const SimAttempt& attempt : world.attempts()) attempts[attempt.element] = attempt;
  return attempts;
}

plan::Plan order_by_id(const graph::Graph& graph) {
  plan::Plan plan;
  for (std::uint32_t e = 0; e < graph.num_elements(); ++e) plan.order.push_back(e);
  return plan;
}

TEST(PlanFollowing, packs_what_fits_onto_the_cores_at_once) {
  GraphStory story;
  story.task("small").times(8).cores(2);
  story.task("large").cores(4);
  const graph::Graph graph = story.graph();
  WorldOptions options = cluster(1, 20);
  options.model = [](ElementId, std::uint16_t, Random&) { return Outcome{1s}; };
  World world(graph, order_by_id(graph), options);
  EXPECT_EQ(world.run(kLimit), 0);
  for (const SimAttempt& attempt : world.attempts()) EXPECT_LT(attempt.start - Time{}, 1ms);
}

TEST(PlanFollowing, runs_elements_at_home_and_lets_an_idle_worker_take_what_waits) {
  GraphStory story;
  story.task("t").times(6);
  const graph::Graph graph = story.graph();
  plan::Plan plan = order_by_id(graph);
  plan.homes.assign(6, WorkerId(1));
  plan.homes[5] = WorkerId(0);
  WorldOptions options = cluster(2, 1);
  options.model = [](ElementId, std::uint16_t, Random&) { return Outcome{1s}; };
  World world(graph, plan, options);
  EXPECT_EQ(world.run(kLimit), 0);
  const auto attempts = attempts_of(world);
  EXPECT_EQ(attempts.at(ElementId(0)).worker, WorkerId(1));
  EXPECT_EQ(attempts.at(ElementId(5)).worker, WorkerId(0)) << "its own first, though others come before it in order";
  EXPECT_LT(world.now() - Time{}, 3100ms) << "nobody is idle while something is READY";
}

TEST(PlanFollowing, puts_priority_before_home) {
  GraphStory story;
  story.task("first");
  story.task("plain");
  story.task("urgent");
  const graph::Graph graph = story.graph();
  plan::Plan plan;
  plan.order = {0, 2, 1};
  plan.priority = {10, 0, 10};
  plan.homes = {WorkerId(0), WorkerId(0), WorkerId(1)};
  WorldOptions options = cluster(2, 1);
  options.workers[1].cores = 0;  // the home of the urgent one is not there
  options.model = [](ElementId, std::uint16_t, Random&) { return Outcome{1s}; };
  World world(graph, plan, options);
  EXPECT_EQ(world.run(kLimit), 0);
  const auto attempts = attempts_of(world);
  EXPECT_LT(attempts.at(ElementId(2)).start, attempts.at(ElementId(1)).start);
}

TEST(PlanFollowing, takes_as_long_as_predicted) {
  double sum = 0;
  int count = 0;
  for (const Policy policy : {Policy::fifo, Policy::heft, Policy::partition, Policy::automatic}) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      const graph::Graph graph = testing::layered(400, 60, seed);
      const std::vector<double> durations = durations_of(graph);
      plan::Machine machine;
      machine.workers.assign(6, plan::Slot{4, 0, 0});
      const plan::Problem problem{graph, machine, durations};
      const plan::Plan plan = make_plan(problem, {.policy = policy, .effort = 1, .seed = seed});
      WorldOptions options = cluster(6, 4);
      run_as_estimated(options, durations);
      World world(graph, plan, options);
      EXPECT_EQ(world.run(kLimit), 0);
      const double ratio = to_seconds(world.now() - Time{}) / predict(problem, plan).makespan_s;
      EXPECT_NEAR(ratio, 1, 0.05) << plan::name_of(policy) << ", seed " << seed;
      sum += ratio, ++count;
    }
  }
  EXPECT_NEAR(sum / count, 1, 0.01);
}

TEST(PlanFollowing, needs_few_messages_with_leases_where_elements_are_many_a_second) {
  const graph::Graph graph = testing::chains(512, 20, 1);
  const std::vector<double> durations(graph.num_elements(), 0.01);
  plan::Machine machine;
  machine.workers.assign(33, plan::Slot{16, 0, 0});
  const plan::Problem problem{graph, machine, durations};
  const plan::Plan plan = make_plan(problem, {.policy = Policy::partition, .effort = 1});
  ASSERT_FALSE(plan.leases.empty());
  WorldOptions options = cluster(33, 16);
  run_as_estimated(options, durations);
  World world(graph, plan, options);
  EXPECT_EQ(world.run(kLimit), 0);
  const double per_element = static_cast<double>(world.num_messages()) / graph.num_elements();
  EXPECT_LT(per_element, 0.2);
}

}  // namespace
}  // namespace fugle::sim
