#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.hpp"
#include "plan/durations.hpp"
#include "plan/plan.hpp"
#include "plan/predict.hpp"
#include "small_graph.hpp"
#include "support/graphs.hpp"

namespace fugle::plan {
namespace {

constexpr Policy kAll[] = {Policy::fifo, Policy::heft, Policy::partition, Policy::automatic};

graph::Graph random_graph(std::uint64_t seed) {
  Random random(seed);
  SmallGraph maker;
  std::vector<ElementId> made;
  for (int t = 0; t < 5; ++t) {
    maker.task(1 + static_cast<std::uint32_t>(random.below(3)), 0, static_cast<std::int32_t>(random.below(2)));
    for (int i = 0; i < 12; ++i) {
      std::vector<ElementId> needs;
      const double seconds = static_cast<double>(1 + random.below(9));
      if (made.size() > 3 && random.chance(0.8)) {
        made.push_back(maker.element(seconds, {made[random.below(made.size())], made[random.below(made.size())]}));
      } else {
        made.push_back(maker.element(seconds));
      }
    }
  }
  return std::move(maker).freeze();
}

TEST(MakePlan, knows_its_policies_by_name) {
  for (const Policy policy : kAll) EXPECT_EQ(policy_named(name_of(policy)), policy);
  EXPECT_FALSE(policy_named("best").has_value());
}

TEST(MakePlan, gives_complete_plans_that_place_everything_for_every_policy) {
  const Machine machine{.workers = {{4}, {4}, {3}}};
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const graph::Graph graph = random_graph(seed);
    const auto durations = expected_durations(graph);
    const Problem problem{graph, machine, durations, {}};
    for (const Policy policy : kAll) {
      const Plan plan = make_plan(problem, {.policy = policy, .effort = 1});
      std::vector<std::uint32_t> positions = plan.order;
      std::sort(positions.begin(), positions.end());
      for (std::uint32_t i = 0; i < positions.size(); ++i) ASSERT_EQ(positions[i], i) << name_of(policy);
      ASSERT_EQ(predict(problem, plan).num_unplaced, 0u) << name_of(policy) << " seed " << seed;
    }
  }
}

TEST(MakePlan, is_the_same_for_the_same_input) {
  const Machine machine{.workers = {{4}, {4}}};
  const graph::Graph graph = random_graph(7);
  const auto durations = expected_durations(graph);
  const Problem problem{graph, machine, durations, {}};
  for (const Policy policy : kAll) {
    const Plan one = make_plan(problem, {.policy = policy, .effort = 1, .seed = 3});
    const Plan two = make_plan(problem, {.policy = policy, .effort = 1, .seed = 3});
    EXPECT_EQ(one.order, two.order);
    EXPECT_EQ(one.homes, two.homes);
    EXPECT_EQ(one.leases, two.leases);
  }
}

TEST(MakePlan, by_auto_is_never_worse_than_fifo_or_heft) {
  const Machine machine{.workers = {{3}, {3}, {3}}};
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const graph::Graph graph = random_graph(seed);
    const auto durations = expected_durations(graph);
    const Problem problem{graph, machine, durations, {}};
    const auto makespan = [&](Policy policy) {
      return predict(problem, make_plan(problem, {.policy = policy, .effort = 1})).makespan_s;
    };
    const double best = std::min(makespan(Policy::fifo), makespan(Policy::heft));
    EXPECT_LE(makespan(Policy::automatic), best) << "seed " << seed;
  }
}

TEST(MakePlan, leaves_elements_without_a_home_whose_task_chooses_its_place) {
  graph::GraphBuilder builder;
  graph::Task spread;
  spread.name = "s";
  spread.place = graph::Place::spread;
  const TaskId t = builder.add_task(std::move(spread));
  for (int i = 0; i < 4; ++i) builder.add_element(t, fmt::format("s[{}]", i), {}, from_seconds(1));
  const graph::Graph graph(std::move(builder).build());
  const Machine machine{.workers = {{4}, {4}}};
  const auto durations = expected_durations(graph);
  const Plan plan = make_plan({graph, machine, durations, {}}, {.policy = Policy::partition});
  for (const WorkerId home : plan.homes) EXPECT_FALSE(home.is_valid());
}

TEST(MakePlan, by_fifo_starts_what_is_nearer_to_a_source_first) {
  SmallGraph maker;
  const auto a = maker.element(1);
  const auto late = maker.element(1, {a});
  const auto other = maker.element(1);
  const graph::Graph graph = std::move(maker).freeze();
  const Machine machine{.workers = {{1}}};
  const auto durations = expected_durations(graph);
  const Plan plan = make_plan({graph, machine, durations, {}}, {.policy = Policy::fifo});
  EXPECT_LT(plan.order[other.value()], plan.order[late.value()]);
  EXPECT_TRUE(plan.homes.empty());
}

TEST(MakePlan, places_elements_with_several_nodes_and_whole_ones_by_every_policy) {
  testing::GraphStory story;
  auto first = story.task("serial").times(7).takes(std::chrono::seconds(2));
  auto mpi = story.task("mpi").times(3).cores(2).takes(std::chrono::seconds(3)).after(first);
  mpi.task().shape.nodes = 3;
  auto whole = story.task("whole").times(2).takes(std::chrono::seconds(1)).after(first);
  whole.task().request.whole_node = true;
  story.task("last").after(mpi).after(whole);
  const graph::Graph graph = story.graph();
  const auto durations = expected_durations(graph);
  for (const Machine& machine : {Machine{.workers = {{4}, {4}, {3}}}, Machine{.workers = {{4}, {4}, {4}, {4}}}}) {
    const Problem problem{graph, machine, durations, {}};
    for (const Policy policy : kAll) {
      for (const int effort : {0, 3, 6}) {
        const Plan plan = make_plan(problem, {.policy = policy, .effort = effort});
        const Prediction prediction = predict(problem, plan);
        EXPECT_EQ(prediction.num_unplaced, 0u) << name_of(policy) << " " << effort;
        EXPECT_EQ(prediction.parties.size(), 3u);
        if (plan.homes.empty()) continue;
        for (const auto& [element, party] : prediction.parties) EXPECT_FALSE(plan.homes[element].is_valid());
      }
    }
  }
}

}  // namespace
}  // namespace fugle::plan
