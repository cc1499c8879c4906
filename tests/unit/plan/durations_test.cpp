#include "plan/durations.hpp"

#include <gmock/gmock.h>

#include "small_graph.hpp"

namespace fugle::plan {
namespace {

using ::testing::ElementsAre;

TEST(Durations, are_estimates_where_known_and_means_of_the_task_elsewhere) {
  SmallGraph maker;
  maker.task();
  maker.element(2), maker.element(4), maker.element(0);
  EXPECT_THAT(expected_durations(std::move(maker).freeze()), ElementsAre(2, 4, 3));
}

TEST(Durations, of_a_task_without_any_estimate_are_the_mean_of_all) {
  SmallGraph maker;
  maker.task();
  maker.element(2), maker.element(4);
  maker.task();
  maker.element(0);
  EXPECT_THAT(expected_durations(std::move(maker).freeze()), ElementsAre(2, 4, 3));
}

TEST(Durations, are_one_second_when_nothing_is_known) {
  SmallGraph maker;
  maker.element(0), maker.element(0);
  EXPECT_THAT(expected_durations(std::move(maker).freeze()), ElementsAre(1, 1));
}

TEST(Durations, of_gates_are_zero) {
  SmallGraph maker;
  std::vector<ElementId> first, second;
  for (int i = 0; i < 5; ++i) first.push_back(maker.element(5)), second.push_back(maker.element(5));
  maker.all_need_all(first, second);
  const graph::Graph graph = std::move(maker).freeze();
  const auto durations = expected_durations(graph);
  ASSERT_GT(graph.num_elements(), graph.num_real_elements());
  for (std::uint32_t e = 0; e < graph.num_elements(); ++e) {
    EXPECT_EQ(durations[e], graph.is_gate(ElementId(e)) ? 0 : 5) << e;
  }
}

TEST(Durations, of_what_only_runs_after_a_failure_are_zero_in_a_plan) {
  graph::GraphBuilder builder;
  graph::Task task;
  task.workdir = "/";
  task.estimate = std::chrono::seconds(5);
  const ElementId work = builder.add_element(builder.add_task(task), "work", {});
  const ElementId rescue = builder.add_element(builder.add_task(task), "rescue", {});
  builder.add_edges_through(graph::TaskKind::fail_gate, {&work, 1}, {&rescue, 1});
  const graph::Graph graph(std::move(builder).build());
  std::vector<double> durations = expected_durations(graph);
  EXPECT_EQ(durations[rescue.value()], 5);
  take_nothing_where_skipped(graph, durations);
  EXPECT_EQ(durations[work.value()], 5);
  EXPECT_EQ(durations[rescue.value()], 0);
}

}  // namespace
}  // namespace fugle::plan
