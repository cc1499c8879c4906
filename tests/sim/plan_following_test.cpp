// What is planned is what happens: the granter follows homes, order and leases as predict() says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "plan/lower_bound.hpp"
#include "plan/predict.hpp"
#include "sim/clusters.hpp"
#include "sim/world.hpp"
#include "support/graph_shapes.hpp"
#include "support/graphs.hpp"
#include "tokens.hpp"

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

/// Small elements in great number beside some that several workers run together, or that want a whole one; with or
/// without priorities; what is long, so that ways of messages do not decide.
graph::Graph parties_and_small_ones(Random& random, std::uint32_t num_nodes, std::uint32_t num_cores) {
  GraphStory story;
  std::vector<GraphStory::TaskStory> tasks;
  const bool has_priorities = random.chance(0.5);
  const std::size_t num_tasks = 6 + random.below(6);
  for (std::size_t t = 0; t < num_tasks; ++t) {
    auto task = story.task("t" + std::to_string(t)).cores(1 + static_cast<std::uint32_t>(random.below(num_cores)));
    const bool is_large = random.chance(0.4);
    task.times(1 + static_cast<std::uint32_t>(random.below(is_large ? 3 : 20)));
    if (is_large) task.task().shape.nodes = 1 + static_cast<std::uint32_t>(random.below(num_nodes));
    if (is_large && random.chance(0.3)) task.cores(1).task().request.whole_node = true;
    if (has_priorities) task.priority(static_cast<int>(random.below(3)));
    for (auto& other : tasks)
      if (random.chance(0.15)) task.after(other);
    tasks.push_back(task);
  }
  return story.graph();
}

/// What the world does with a plan, if messages take next to nothing and the head runs no tasks.
std::map<ElementId, SimAttempt> attempts_in_world(const graph::Graph& graph, plan::Plan plan,
                                                  const plan::Machine& machine, const std::vector<double>& durations) {
  for (WorkerId& home : plan.homes)
    if (home.is_valid()) home = WorkerId(home.value() + 1);
  WorldOptions options = cluster(machine.num_workers() + 1, machine.workers.front().cores);
  options.workers[0].cores = 0;
  for (auto& worker : options.workers) worker.mem_bytes = machine.workers.front().mem_bytes;
  options.costs.latency = {10us, 10us, 10us};
  run_as_estimated(options, durations);
  World world(graph, plan, options);
  EXPECT_EQ(world.run(kLimit), 0);
  return attempts_of(world);
}

/// Returns how many runs went other than predicted.
std::uint64_t compare_with_predictions(std::uint64_t num_seeds, Tokens tokens) {
  constexpr std::uint32_t kNodes = 4, kCores = 2;
  plan::Machine machine;
  machine.workers.assign(kNodes, plan::Slot{kCores, 1u << 30, 0});
  std::uint64_t num_different = 0;
  for (std::uint64_t seed = 1; seed <= num_seeds; ++seed) {
    Random random(seed);
    const graph::Graph graph = with_tokens(parties_and_small_ones(random, kNodes, kCores), tokens, random);
    std::vector<double> durations;
    for (std::uint32_t e = 0; e < graph.num_elements(); ++e)
      durations.push_back(graph.is_gate(ElementId(e)) ? 0 : static_cast<float>(100 + 900 * random.uniform()));
    const plan::Problem problem{graph, machine, durations};
    const auto policy = random.chance(0.5) ? Policy::fifo : Policy::heft;
    const plan::Plan plan = make_plan(problem, {.policy = policy, .effort = 1, .seed = seed});
    const plan::Prediction prediction = predict(problem, plan);
    const auto attempts = attempts_in_world(graph, plan, machine, durations);
    const auto is_as_predicted = [&](const auto& entry) {
      const auto& [e, attempt] = entry;
      const plan::Placement& predicted = prediction.placements[e.value()];
      return attempt.worker.value() == predicted.worker.value() + 1 &&
             std::abs(to_seconds(attempt.start - Time{}) - predicted.start_s) < 0.1;
    };
    num_different += std::all_of(attempts.begin(), attempts.end(), is_as_predicted) ? 0 : 1;
    EXPECT_EQ(attempts.size(), graph.num_real_elements()) << "seed " << seed;
  }
  return num_different;
}

/// The places of a party come free one shortly after the other: now and then something sees the first of them only.
TEST(PlanFollowing, starts_each_element_where_and_when_it_was_predicted_also_beside_parties) {
  EXPECT_LE(compare_with_predictions(300, Tokens::none), 15u);
}

TEST(PlanFollowing, does_so_where_elements_hold_tokens) { EXPECT_LE(compare_with_predictions(300, Tokens::some), 15u); }

TEST(PlanFollowing, keeps_a_service_as_long_as_it_was_predicted) {
  plan::Machine machine;
  machine.workers.assign(3, plan::Slot{2, 1u << 30, 0});
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    Random random(seed);
    GraphStory story;
    auto before = story.task("before").times(3);
    auto service = story.task("service").times(1 + static_cast<std::uint32_t>(random.below(2)));
    service.task().service.is_given = true;
    if (random.chance(0.5)) service.after(before);
    auto user = story.task("user").times(6).after(service);
    story.task("other").times(8);
    story.task("after").times(2).after_end_of(service);
    if (random.chance(0.5)) story.task("last").after(user).after(before);
    const graph::Graph graph = story.graph();
    std::vector<double> durations;
    for (std::uint32_t e = 0; e < graph.num_elements(); ++e)
      durations.push_back(graph.is_gate(ElementId(e)) ? 0 : static_cast<float>(100 + 900 * random.uniform()));
    const plan::Problem problem{graph, machine, durations};
    const plan::Plan plan = make_plan(problem, {.policy = Policy::fifo, .effort = 1, .seed = seed});
    const plan::Prediction prediction = predict(problem, plan);
    EXPECT_LE(plan::lower_bound(problem).seconds, prediction.makespan_s * (1 + 1e-9)) << "seed " << seed;
    for (const auto& [e, attempt] : attempts_in_world(graph, plan, machine, durations)) {
      const plan::Placement& predicted = prediction.placements[e.value()];
      ASSERT_NEAR(to_seconds(attempt.start - Time{}), predicted.start_s, 0.1) << "seed " << seed << ", " << graph.id(e);
      ASSERT_NEAR(to_seconds(attempt.end - Time{}), predicted.end_s, 0.1) << "seed " << seed << ", " << graph.id(e);
    }
  }
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
