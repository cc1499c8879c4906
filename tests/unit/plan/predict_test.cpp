#include "plan/predict.hpp"

#include <gtest/gtest.h>

#include <set>

#include "base/random.hpp"
#include "graph/algorithms.hpp"
#include "plan/durations.hpp"
#include "plan/lower_bound.hpp"
#include "plan/start_order.hpp"
#include "small_graph.hpp"
#include "support/graphs.hpp"

namespace fugle::plan {
namespace {

Plan plan_by_rank(const graph::Graph& graph) {
  Plan plan;
  plan.priority = effective_priorities(graph);
  plan.order = start_order(graph, graph::upward_ranks(graph, expected_durations(graph)));
  return plan;
}

/// By rank, without homes; with the homes given, where there are any.
Prediction schedule_on(const graph::Graph& graph, const Machine& machine, std::vector<WorkerId> homes = {}) {
  const auto durations = expected_durations(graph);
  Plan plan = plan_by_rank(graph);
  plan.homes = std::move(homes);
  return predict({graph, machine, durations, {}}, plan);
}

Prediction schedule_of(const graph::Graph& graph, const std::vector<Slot>& workers, std::vector<WorkerId> homes = {}) {
  return schedule_on(graph, Machine{.workers = workers}, std::move(homes));
}

WorkerId worker_of(const Prediction& prediction, ElementId e) { return prediction.placements[e.value()].worker; }

TEST(Predict, runs_a_chain_one_after_another) {
  SmallGraph maker;
  const auto a = maker.element(2);
  const auto b = maker.element(3, {a});
  const auto schedule = schedule_of(std::move(maker).freeze(), {{4, 0}});
  EXPECT_EQ(schedule.placements[a.value()].end_s, 2);
  EXPECT_EQ(schedule.placements[b.value()].start_s, 2);
  EXPECT_EQ(schedule.makespan_s, 5);
}

TEST(Predict, starts_the_long_way_first_when_cores_are_few) {
  SmallGraph maker;
  const auto lone = maker.element(4);
  const auto head = maker.element(1);
  maker.element(6, {head});
  const auto schedule = schedule_of(std::move(maker).freeze(), {{1, 0}});
  EXPECT_EQ(schedule.placements[head.value()].start_s, 0);
  EXPECT_EQ(schedule.placements[lone.value()].start_s, 7);
}

/// Three nodes of two cores, the first with two workers.
Machine three_nodes() { return {.workers = {{2, 0}, {2, 0}, {2, 0}, {2, 0}}, .node_of = {0, 0, 1, 2}}; }

TEST(Predict, gives_an_element_with_several_nodes_a_worker_on_each_at_once) {
  testing::GraphStory story;
  story.task("one").cores(2).takes(std::chrono::seconds(5)).priority(1);
  story.task("mpi").cores(2).takes(std::chrono::seconds(3)).task().shape.nodes = 3;
  const graph::Graph graph = story.graph();
  const auto schedule = schedule_on(graph, three_nodes());
  ASSERT_EQ(schedule.parties.at(1).size(), 3u);
  const auto node_of = [](WorkerId worker) { return three_nodes().node(worker.value()); };
  std::set<std::uint32_t> nodes;
  for (const WorkerId worker : schedule.parties.at(1)) nodes.insert(node_of(worker));
  EXPECT_EQ(nodes.size(), 3u);
  EXPECT_EQ(schedule.placements[1].worker, schedule.parties.at(1).front());
  EXPECT_EQ(schedule.num_unplaced, 0u);
}

TEST(Predict, lets_what_wants_a_whole_node_run_where_nothing_else_does) {
  testing::GraphStory story;
  story.task("one").takes(std::chrono::seconds(5)).priority(1).times(2);
  story.task("whole").takes(std::chrono::seconds(3)).task().request.whole_node = true;
  story.task("wide").takes(std::chrono::seconds(3)).task().shape.nodes = 4;
  const graph::Graph graph = story.graph();
  const auto schedule = schedule_on(graph, {.workers = {{2, 0}, {2, 0}}});
  EXPECT_EQ(schedule.placements[2].start_s, 5) << "one core of each worker is in use until then";
  EXPECT_EQ(schedule.num_unplaced, 1u) << "there are no four nodes";
  const auto beside = schedule_on(graph, {.workers = {{2, 0}, {2, 0}}, .node_of = {0, 0}});
  EXPECT_FALSE(worker_of(beside, ElementId(2)).is_valid()) << "no worker has its node for itself";
}

/// A service and two users of 5 s and 2 s, after something of 3 s.
struct ServiceAndUsers {
  ServiceAndUsers() {
    auto before = story.task("before").takes(std::chrono::seconds(3));
    auto service = story.task("service").after(before).takes(std::chrono::seconds(1000));
    service.task().service.is_given = true;
    story.task("long").takes(std::chrono::seconds(5)).after(service);
    story.task("short").takes(std::chrono::seconds(2)).after(service);
    story.task("after").takes(std::chrono::seconds(1)).after_end_of(service);
  }
  testing::GraphStory story;
};

TEST(Predict, starts_users_when_their_service_is_ready_and_ends_it_with_the_last) {
  ServiceAndUsers services;
  const auto schedule = schedule_of(services.story.graph(), {{3, 0}});
  EXPECT_EQ(schedule.placements[1].start_s, 3);
  EXPECT_EQ(schedule.placements[2].start_s, 3 + kReadyAfter_s);
  EXPECT_EQ(schedule.placements[3].start_s, 3 + kReadyAfter_s);
  EXPECT_EQ(schedule.placements[1].end_s, 8 + kReadyAfter_s);
  EXPECT_EQ(schedule.placements[4].start_s, 8 + kReadyAfter_s) << "what waits for its end";
  EXPECT_EQ(schedule.num_unplaced, 0u);
}

TEST(Predict, lets_a_service_hold_its_place_all_the_time) {
  ServiceAndUsers services;
  const auto schedule = schedule_of(services.story.graph(), {{2, 0}});
  EXPECT_EQ(schedule.placements[1].end_s, 10 + kReadyAfter_s) << "one user after the other on the core that is left";
}

TEST(Predict, says_that_users_have_no_place_beside_their_service) {
  ServiceAndUsers services;
  const auto schedule = schedule_of(services.story.graph(), {{1, 0}});
  EXPECT_EQ(schedule.num_unplaced, 2u);
  EXPECT_EQ(schedule.placements[1].end_s, 3 + kReadyAfter_s);
}

TEST(Predict, keeps_a_service_without_users_for_the_others) {
  testing::GraphStory story;
  story.task("service").task().service.is_given = true;
  story.task("other").takes(std::chrono::seconds(9));
  const auto schedule = schedule_of(story.graph(), {{2, 0}});
  EXPECT_EQ(schedule.placements[0].end_s, 9);
  EXPECT_EQ(schedule.makespan_s, 9);
}

TEST(Predict, keeps_nodes_free_for_what_was_passed_over_too_often) {
  testing::GraphStory story;
  auto small = story.task("small").times(60).takes(std::chrono::seconds(10));
  auto staggered = story.task("staggered").takes(std::chrono::seconds(15));
  auto wide = story.task("wide").takes(std::chrono::seconds(1));
  wide.task().shape.nodes = 3;
  (void)small, (void)staggered;
  const graph::Graph graph = story.graph();
  Plan plan;
  for (std::uint32_t e = 0; e < graph.num_elements(); ++e)
    plan.order.push_back(e == 61 ? 4 : e < 4 ? e : e == 60 ? 5 : e + 2);
  const auto durations = expected_durations(graph);
  const Machine machine{.workers = {{1, 0}, {1, 0}, {1, 0}}};
  const auto schedule = predict({graph, machine, durations, {}}, plan);
  EXPECT_LT(schedule.placements[61].start_s, 60) << "of 60 x 10 s on three cores";
}

TEST(Predict, spreads_over_the_workers_with_the_most_free_cores) {
  SmallGraph maker;
  const auto a = maker.element(1), b = maker.element(1), c = maker.element(1);
  const auto schedule = schedule_of(std::move(maker).freeze(), {{1, 0}, {2, 0}});
  EXPECT_EQ(schedule.placements[a.value()].worker, WorkerId(1));
  EXPECT_EQ(schedule.placements[b.value()].worker, WorkerId(0));
  EXPECT_EQ(schedule.placements[c.value()].worker, WorkerId(1));
}

TEST(Predict, lets_small_elements_pass_a_large_one_that_does_not_fit_yet) {
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

TEST(Predict, leaves_out_what_fits_nowhere_and_what_needs_it) {
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

TEST(Predict, passes_gates_at_the_instant_their_last_need_ends) {
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

TEST(Predict, starts_elements_at_home_while_there_is_room) {
  SmallGraph maker;
  const auto a = maker.element(1), b = maker.element(1);
  const auto prediction = schedule_of(std::move(maker).freeze(), {{2}, {2}}, {WorkerId(1), WorkerId(1)});
  EXPECT_EQ(worker_of(prediction, a), WorkerId(1));
  EXPECT_EQ(worker_of(prediction, b), WorkerId(1));
}

TEST(Predict, gives_a_worker_without_own_work_the_first_in_order_of_the_others) {
  SmallGraph maker;
  const auto last = maker.element(1), middle = maker.element(2), first = maker.element(3);
  const std::vector<WorkerId> homes(3, WorkerId(0));
  const auto prediction = schedule_of(std::move(maker).freeze(), {{1}, {1}}, homes);
  EXPECT_EQ(worker_of(prediction, first), WorkerId(0));
  EXPECT_EQ(worker_of(prediction, middle), WorkerId(1));
  EXPECT_EQ(prediction.placements[last.value()].start_s, 2);
}

TEST(Predict, prefers_own_work_to_work_of_others_that_comes_first_in_order) {
  SmallGraph maker;
  const auto first = maker.element(3), second = maker.element(2.5), own = maker.element(1);
  const auto prediction = schedule_of(std::move(maker).freeze(), {{1}, {1}}, {WorkerId(0), WorkerId(0), WorkerId(1)});
  EXPECT_EQ(worker_of(prediction, own), WorkerId(1));
  EXPECT_EQ(prediction.placements[first.value()].start_s, 0);
  EXPECT_EQ(prediction.placements[second.value()].start_s, 1);
}

TEST(Predict, lets_a_higher_priority_go_first_wherever_its_home_is) {
  SmallGraph maker;
  const auto high_a = maker.task(1, 0, 5).element(1), high_b = maker.element(1);
  const auto low = maker.task(1, 0, 0).element(9);
  const auto prediction = schedule_of(std::move(maker).freeze(), {{1}, {1}}, {WorkerId(0), WorkerId(0), WorkerId(1)});
  EXPECT_EQ(prediction.placements[high_a.value()].start_s, 0);
  EXPECT_EQ(prediction.placements[high_b.value()].start_s, 0);
  EXPECT_EQ(prediction.placements[low.value()].start_s, 1);
}

TEST(Predict, ignores_a_home_that_can_never_hold_the_element) {
  SmallGraph maker;
  const auto large = maker.task(4).element(1);
  const auto prediction = schedule_of(std::move(maker).freeze(), {{2}, {4}}, {WorkerId(0)});
  EXPECT_EQ(worker_of(prediction, large), WorkerId(1));
}

TEST(Predict, waits_for_data_from_other_nodes_and_counts_it_once_per_edge) {
  graph::GraphBuilder builder;
  graph::Task task;
  task.name = "t";
  const TaskId t = builder.add_task(std::move(task));
  const auto a = builder.add_element(t, "a", {}, from_seconds(1)), b = builder.add_element(t, "b", {}, from_seconds(2));
  const auto c = builder.add_element(t, "c", {}, from_seconds(1));
  builder.add_edge(a, c, 10);
  builder.add_edge(b, c, 4);
  const graph::Graph graph(std::move(builder).build());
  Machine machine{.workers = std::vector<Slot>(3), .node_of = {0, 1, 1}, .seconds_per_byte = 0.5};
  const std::vector<WorkerId> homes{WorkerId(0), WorkerId(1), WorkerId(2)};
  const auto prediction = schedule_on(graph, machine, homes);
  EXPECT_EQ(prediction.placements[c.value()].start_s, 6);  // a ends at 1, its 10 bytes take 5 s
  EXPECT_EQ(prediction.bytes_between_nodes, 10);
  EXPECT_EQ(prediction.total_bytes, 14);
}

TEST(Predict, moves_what_has_no_home_to_its_inputs) {
  SmallGraph maker;
  const auto a = maker.element(2), b = maker.element(2);
  const auto after_b = maker.element(1, {b}), after_a = maker.element(1, {a});
  const auto prediction = schedule_of(std::move(maker).freeze(), {{1}, {1}});
  EXPECT_EQ(worker_of(prediction, after_a), worker_of(prediction, a));
  EXPECT_EQ(worker_of(prediction, after_b), worker_of(prediction, b));
}

TEST(Predict, waits_for_home_on_workers_of_different_speed) {
  SmallGraph maker;
  maker.element(1);
  const auto second = maker.element(1);
  const graph::Graph graph = std::move(maker).freeze();
  const Machine machine{.workers = std::vector<Slot>(2)};
  const std::vector<double> durations{50, 50}, durations_on{1, 99, 1, 99};
  Plan plan = plan_by_rank(graph);
  plan.homes = {WorkerId(0), WorkerId(0)};
  const auto prediction = predict({graph, machine, durations, durations_on}, plan);
  EXPECT_EQ(worker_of(prediction, second), WorkerId(0));
  EXPECT_EQ(prediction.makespan_s, 2);
}

TEST(Predict, of_a_thousand_random_graphs_respects_needs_capacity_and_the_lower_bound) {
  const std::vector<Slot> workers{{4, 40}, {6, 90}, {4, 0}};
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    const graph::Graph graph = random_graph(seed);
    const auto durations = expected_durations(graph);
    std::vector<WorkerId> homes;
    Random random(seed);
    for (std::uint32_t e = 0; e < graph.num_elements(); ++e) homes.emplace_back(random.below(3));
    const auto schedule = schedule_of(graph, workers, std::move(homes));
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
