#include "plan/band_partition.hpp"

#include <gtest/gtest.h>

#include "plan/durations.hpp"
#include "plan/lower_bound.hpp"
#include "plan/predict.hpp"
#include "small_graph.hpp"
#include "support/graph_shapes.hpp"

namespace fugle::plan {
namespace {

Prediction prediction_of(const graph::Graph& graph, const Machine& machine, Policy policy) {
  const auto durations = expected_durations(graph);
  const Problem problem{graph, machine, durations};
  return predict(problem, make_plan(problem, {.policy = policy}));
}

/// Makespan over the bound, and bytes over those of heft.
struct Quality {
  double ratio, bytes;
};

Quality quality_of(const graph::Graph& graph, const Machine& machine) {
  const Prediction partition = prediction_of(graph, machine, Policy::partition);
  const Prediction heft = prediction_of(graph, machine, Policy::heft);
  return {partition.makespan_s / lower_bound(graph, machine.workers, expected_durations(graph)).seconds,
          partition.bytes_between_nodes / heft.bytes_between_nodes};
}

const Machine kMachine{.workers = std::vector<Slot>(16, Slot{8})};

TEST(BandPartition, of_a_layered_graph_keeps_all_workers_busy_with_far_fewer_bytes_than_heft) {
  const Quality quality = quality_of(testing::layered(30'000, 3'000, 1), kMachine);
  EXPECT_LE(quality.ratio, 1.03);
  EXPECT_LE(quality.bytes, 0.6);
}

TEST(BandPartition, of_a_stencil_gives_each_worker_its_columns) {
  const Quality quality = quality_of(testing::stencil(512, 64, 1), kMachine);
  EXPECT_LE(quality.ratio, 1.03);
  EXPECT_LE(quality.bytes, 0.25);
}

TEST(BandPartition, of_chains_and_fork_joins_moves_nearly_nothing) {
  for (const graph::Graph& graph : {testing::chains(512, 32, 1), testing::fork_joins(1024, 28, 1)}) {
    const Quality quality = quality_of(graph, kMachine);
    EXPECT_LE(quality.ratio, 1.03);
    EXPECT_LE(quality.bytes, 0.05);
  }
}

TEST(BandPartition, prefers_near_workers_where_some_are_nearer) {
  Machine machine = kMachine;
  for (std::uint32_t w = 0; w < 16; ++w) machine.node_of.push_back(w / 4);
  const graph::Graph graph = testing::layered(20'000, 2'000, 1);
  const auto partition = prediction_of(graph, machine, Policy::partition);
  const auto as_if_apart = prediction_of(graph, kMachine, Policy::partition);
  EXPECT_LT(partition.bytes_between_nodes, 0.8 * as_if_apart.bytes_between_nodes);
}

TEST(BandPartition, gives_no_home_where_an_element_can_not_run) {
  SmallGraph maker;
  std::vector<ElementId> large;
  for (int i = 0; i < 20; ++i) large.push_back(maker.task(6).element(1));
  for (int i = 0; i < 200; ++i) maker.task(1).element(1, {large[static_cast<std::size_t>(i) % 20]});
  const graph::Graph graph = std::move(maker).freeze();
  const Machine machine{.workers = {Slot{8}, Slot{4}, Slot{8}}};
  const auto durations = expected_durations(graph);
  const Problem problem{graph, machine, durations};
  std::vector<Placement> schedule(graph.num_elements(), Placement{0, 1, WorkerId(0)});
  const auto homes = band_partition(problem, schedule, {.band_s = 1});
  for (const ElementId e : large) EXPECT_NE(homes[e.value()], WorkerId(1));
}

}  // namespace
}  // namespace fugle::plan
