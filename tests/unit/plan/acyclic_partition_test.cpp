#include "plan/acyclic_partition.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <deque>
#include <numeric>
#include <vector>

#include "random_dag.hpp"

namespace fugle::plan {
namespace {

/// The largest part that a balance of 1.03 allows to whole vertices.
double allowed(std::uint32_t n, std::uint32_t num_parts) {
  return std::max(std::floor(1.03 * n / num_parts + 1e-9), std::ceil(static_cast<double>(n) / num_parts));
}

/// A topological order, first or last ready first, in equal pieces: what any partitioner has to beat.
double cut_of_chunks(const graph::Rows& needs, std::uint32_t num_parts, bool depth_first) {
  const std::uint32_t n = num_vertices(needs);
  std::vector<std::vector<std::uint32_t>> successors(n);
  std::vector<std::size_t> missing(n);
  std::deque<std::uint32_t> ready;
  for (std::uint32_t v = 0; v < n; ++v) {
    missing[v] = needs[v].size();
    if (missing[v] == 0) ready.push_back(v);
    for (const std::uint32_t need : needs[v]) successors[need].push_back(v);
  }
  std::vector<std::uint32_t> part(n);
  for (std::uint32_t i = 0; !ready.empty(); ++i) {
    const std::uint32_t v = depth_first ? ready.back() : ready.front();
    depth_first ? ready.pop_back() : ready.pop_front();
    part[v] = static_cast<std::uint32_t>(std::uint64_t{i} * num_parts / n);
    for (const std::uint32_t successor : successors[v]) {
      if (--missing[successor] == 0) ready.push_back(successor);
    }
  }
  double cut = 0;
  for (std::uint32_t v = 0; v < n; ++v) {
    for (const std::uint32_t need : needs[v]) cut += part[need] != part[v] ? 1 : 0;
  }
  return cut;
}

graph::Rows chain(std::uint32_t length) {
  graph::Rows needs;
  for (std::uint32_t v = 0; v < length; ++v) {
    if (v > 0) needs.columns.push_back(v - 1);
    needs.offsets.push_back(v);
  }
  return needs;
}

graph::Rows without_edges(std::uint32_t n) {
  graph::Rows needs;
  needs.offsets.assign(n + 1, 0);
  return needs;
}

TEST(AcyclicPartition, keeps_order_and_balance_on_random_graphs) {
  Random random(7);
  for (int i = 0; i < 40; ++i) {
    const auto n = static_cast<std::uint32_t>(1 + random.below(600));
    const auto needs = random_dag(n, 4, static_cast<std::uint32_t>(1 + random.below(n)), random);
    const auto num_parts = static_cast<std::uint32_t>(1 + random.below(20));
    const auto partition = partition_acyclic(needs, {}, {}, {num_parts, 1.03, random.next()});
    EXPECT_LE(checked_largest_part(needs, {}, {}, num_parts, partition), allowed(n, num_parts))
        << n << " " << num_parts;
  }
}

TEST(AcyclicPartition, keeps_order_and_balance_with_weights) {
  Random random(8);
  for (int i = 0; i < 20; ++i) {
    const auto needs = random_dag(500, 4, 50, random);
    std::vector<double> vertex_weights(500), edge_weights(needs.columns.size());
    for (double& weight : vertex_weights) weight = random.uniform() * 3;
    for (double& weight : edge_weights) weight = random.chance(0.1) ? 0 : random.uniform() * 1e9;
    const auto partition = partition_acyclic(needs, vertex_weights, edge_weights, {6, 1.03, random.next()});
    const double total = std::accumulate(vertex_weights.begin(), vertex_weights.end(), 0.0);
    EXPECT_LE(checked_largest_part(needs, vertex_weights, edge_weights, 6, partition), 1.03 * total / 6 * (1 + 1e-9));
  }
}

TEST(AcyclicPartition, is_better_than_pieces_of_a_topological_order) {
  Random random(9);
  for (const std::uint32_t window : {20, 100, 2000}) {
    const auto needs = random_dag(2000, 3, window, random);
    for (const std::uint32_t num_parts : {2, 8, 32}) {
      const double cut = partition_acyclic(needs, {}, {}, {num_parts}).cut;
      EXPECT_LT(cut, cut_of_chunks(needs, num_parts, false));
      EXPECT_LT(cut, cut_of_chunks(needs, num_parts, true));
    }
  }
}

TEST(AcyclicPartition, is_the_same_for_the_same_seed) {
  Random random(10);
  const auto needs = random_dag(1000, 3, 100, random);
  EXPECT_EQ(partition_acyclic(needs, {}, {}, {8, 1.03, 5}).part_of,
            partition_acyclic(needs, {}, {}, {8, 1.03, 5}).part_of);
}

TEST(AcyclicPartition, cuts_the_light_edge_of_two_heavy_pairs) {
  graph::Rows needs;
  needs.offsets = {0, 0, 1, 2, 3};
  needs.columns = {0, 1, 2};
  const std::vector<double> edge_weights = {100, 1, 100};
  const auto partition = partition_acyclic(needs, {}, edge_weights, {2});
  EXPECT_EQ(partition.part_of, (std::vector<std::uint32_t>{0, 0, 1, 1}));
  EXPECT_EQ(partition.cut, 1);
}

TEST(AcyclicPartition, leaves_components_whole_where_they_fit) {
  graph::Rows needs;  // 8 chains of 100, one after the other
  for (std::uint32_t v = 0; v < 800; ++v) {
    if (v % 100 != 0) needs.columns.push_back(v - 1);
    needs.offsets.push_back(static_cast<std::uint32_t>(needs.columns.size()));
  }
  EXPECT_EQ(partition_acyclic(needs, {}, {}, {4}).cut, 0);
}

TEST(AcyclicPartition, finds_the_front_through_many_long_chains) {
  graph::Rows needs;  // 30 rows of 50; each vertex needs the one before it and the first of its row
  for (std::uint32_t v = 0; v < 1500; ++v) {
    if (v >= 50) needs.columns.push_back(v - 50);
    if (v % 50 != 0) needs.columns.push_back(v - v % 50);
    needs.offsets.push_back(static_cast<std::uint32_t>(needs.columns.size()));
  }
  EXPECT_LE(partition_acyclic(needs, {}, {}, {2}).cut, 50);
}

TEST(AcyclicPartition, of_nothing_is_nothing) { EXPECT_TRUE(partition_acyclic({}, {}, {}, {4}).part_of.empty()); }

TEST(AcyclicPartition, into_one_part_cuts_nothing) {
  const auto partition = partition_acyclic(chain(5), {}, {}, {1});
  EXPECT_EQ(partition.part_of, std::vector<std::uint32_t>(5, 0));
  EXPECT_EQ(partition.cut, 0);
}

TEST(AcyclicPartition, may_leave_parts_empty) {
  const auto partition = partition_acyclic(chain(3), {}, {}, {100});
  EXPECT_EQ(checked_largest_part(chain(3), {}, {}, 100, partition), 1);
}

TEST(AcyclicPartition, spreads_isolated_vertices) {
  const auto partition = partition_acyclic(without_edges(5000), {}, {}, {7});
  EXPECT_LE(checked_largest_part(without_edges(5000), {}, {}, 7, partition), allowed(5000, 7));
}

TEST(AcyclicPartition, cuts_a_long_chain_once_per_part) {
  const std::uint32_t length = 300'000;
  const auto partition = partition_acyclic(chain(length), {}, {}, {8});
  EXPECT_LE(checked_largest_part(chain(length), {}, {}, 8, partition), allowed(length, 8));
  EXPECT_EQ(partition.cut, 7);
}

TEST(AcyclicPartition, of_a_star_is_balanced) {
  graph::Rows needs;  // a gate that needs 2000, and 2000 that need it
  needs.offsets.assign(2001, 0);
  for (std::uint32_t v = 0; v < 2000; ++v) needs.columns.push_back(v);
  needs.offsets.push_back(2000);
  for (std::uint32_t v = 0; v < 2000; ++v) {
    needs.columns.push_back(2000);
    needs.offsets.push_back(static_cast<std::uint32_t>(needs.columns.size()));
  }
  const auto partition = partition_acyclic(needs, {}, {}, {4});
  EXPECT_LE(checked_largest_part(needs, {}, {}, 4, partition), allowed(4001, 4));
  EXPECT_LE(partition.cut, 3100);
}

TEST(AcyclicPartition, counts_each_vertex_as_one_where_none_weighs_anything) {
  const std::vector<double> weightless(100, 0.0);
  const auto partition = partition_acyclic(chain(100), weightless, {}, {4});
  EXPECT_LE(checked_largest_part(chain(100), {}, {}, 4, partition), 25);
}

TEST(AcyclicPartition, moves_vertices_without_weight_to_where_they_belong) {
  Random random(11);
  const auto needs = random_dag(400, 3, 40, random);
  std::vector<double> weights(400);
  for (double& weight : weights) weight = random.chance(0.5) ? 1 : 0;
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  const auto partition = partition_acyclic(needs, weights, {}, {4});
  EXPECT_LE(checked_largest_part(needs, weights, {}, 4, partition), std::ceil(1.03 * total / 4));
}

TEST(AcyclicPartition, accepts_a_vertex_heavier_than_a_part) {
  Random random(12);
  const auto needs = random_dag(300, 3, 40, random);
  std::vector<double> weights(300, 1.0);
  weights[150] = 1e6;
  const auto partition = partition_acyclic(needs, weights, {}, {4});
  EXPECT_LE(checked_largest_part(needs, weights, {}, 4, partition), 1e6 + 300);
}

}  // namespace
}  // namespace fugle::plan
