#include "plan/worker_choice.hpp"

#include <gtest/gtest.h>

#include "small_graph.hpp"

namespace fugle::plan {
namespace {

/// Two sources with 8 and 6 bytes, and an element of the task given that needs both.
class Chosen {
 public:
  explicit Chosen(graph::Task task) {
    graph::GraphBuilder builder;
    graph::Task source;
    source.name = "source";
    const TaskId s = builder.add_task(std::move(source));
    const auto a = builder.add_element(s, "a", {}), b = builder.add_element(s, "b", {});
    task.name = "t";
    const auto e = builder.add_element(builder.add_task(std::move(task)), "e", {});
    builder.add_edge(a, e, 8);
    builder.add_edge(b, e, 6);
    graph_ = graph::Graph(std::move(builder).build());
    machine_.workers = std::vector<Slot>(4, Slot{4});
  }
  Machine& machine() { return machine_; }
  /// Sources ran on workers 1 and 2; `busy` cores are taken on each worker.
  WorkerId choose(const std::vector<std::uint32_t>& busy) {
    const std::vector<double> durations(3, 1.0);
    const Problem problem{graph_, machine_, durations, {}};
    std::vector<Placement> placements(3);
    placements[0].worker = WorkerId(1);
    placements[1].worker = WorkerId(2);
    WorkerChoice choice(problem, placements);
    choice.on_start(0, WorkerId(1));
    choice.on_start(1, WorkerId(2));
    WorkerPool pool(machine_.workers);
    for (std::uint32_t w = 0; w < busy.size(); ++w) pool.take(WorkerId(w), {busy[w]});
    return choice.choose(2, pool);
  }

 private:
  graph::Graph graph_;
  Machine machine_;
};

TEST(WorkerChoice, takes_the_worker_with_most_input_bytes_that_has_room) {
  Chosen chosen{graph::Task{}};
  EXPECT_EQ(chosen.choose({0, 3, 0, 0}), WorkerId(1));
  EXPECT_EQ(chosen.choose({0, 4, 3, 0}), WorkerId(2));
  EXPECT_EQ(chosen.choose({1, 4, 4, 0}), WorkerId(3));
  EXPECT_FALSE(chosen.choose({4, 4, 4, 4}).is_valid());
}

TEST(WorkerChoice, counts_what_is_on_the_same_node_half) {
  Chosen chosen{graph::Task{}};
  chosen.machine().node_of = {0, 1, 0, 1};
  EXPECT_EQ(chosen.choose({0, 4, 0, 0}), WorkerId(2));  // 6 there against 8 / 2 beside worker 1
  EXPECT_EQ(chosen.choose({0, 4, 4, 0}), WorkerId(3));
}

TEST(WorkerChoice, packs_what_needs_several_cores_and_has_no_inputs) {
  graph::Task task;
  task.request.cores = 2;
  Chosen chosen(std::move(task));
  EXPECT_EQ(chosen.choose({0, 4, 4, 2}), WorkerId(3));
}

TEST(WorkerChoice, spreads_on_demand_whatever_the_inputs) {
  graph::Task task;
  task.place = graph::Place::spread;
  Chosen chosen(std::move(task));
  EXPECT_EQ(chosen.choose({1, 1, 1, 0}), WorkerId(3));
}

TEST(WorkerChoice, stays_near_the_named_task_while_there_is_room) {
  graph::Task task;
  task.place = graph::Place::near;
  task.near = "source";
  Chosen chosen(std::move(task));
  EXPECT_EQ(chosen.choose({0, 3, 0, 0}), WorkerId(1));
  EXPECT_EQ(chosen.choose({0, 4, 3, 0}), WorkerId(2));
  EXPECT_EQ(chosen.choose({0, 4, 4, 1}), WorkerId(0));
}

}  // namespace
}  // namespace fugle::plan
