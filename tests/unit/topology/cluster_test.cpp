#include "topology/cluster.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fugle::topology {
namespace {

using ::testing::ElementsAre;

constexpr const char* kMachine = "pack:2 numa:2(memory=1000) l3:2 core:3 pu:2 gpu:2";

TEST(Cluster, has_a_node_for_each_host_in_the_order_of_ranks) {
  const Cluster cluster = merge(std::vector{uniform("b", 2, 10, 0), uniform("a", 4, 10, 0)});
  ASSERT_EQ(cluster.nodes.size(), 2u);
  EXPECT_EQ(cluster.nodes[0].name, "b");
  EXPECT_EQ(cluster.nodes[1].num_cores(), 4u);
  EXPECT_THAT(cluster.node_of_rank, ElementsAre(0, 1));
}

TEST(Cluster, puts_the_parts_of_the_ranks_on_a_host_together_again) {
  for (const char* machine : {kMachine, "pack:2 l3:4 core:4 pu:1", "pack:2 core:8 pu:1", "core:6 pu:2 gpu:1"}) {
    const Node node = synthetic(machine, "n");
    for (std::uint32_t count = 1; count <= 6; ++count) {
      std::vector<Node> parts;
      for (std::uint32_t i = count; i > 0; --i) parts.push_back(share_of(node, i - 1, count));
      const Cluster cluster = merge(parts);
      ASSERT_EQ(cluster.nodes.size(), 1u);
      EXPECT_EQ(cluster.nodes[0], node) << machine << " in " << count << " parts";
      EXPECT_EQ(cluster.node_of_rank, std::vector<std::uint32_t>(count, 0));
    }
  }
}

TEST(Cluster, counts_once_what_several_ranks_see) {
  const Node node = synthetic(kMachine, "n");
  EXPECT_EQ(merge(std::vector{node, node, node}).nodes, std::vector{node});
}

TEST(Cluster, counts_once_what_more_ranks_than_cores_share) {
  const Node node = uniform("n", 2, 100, 1);
  std::vector<Node> parts;
  for (std::uint32_t i = 0; i < 4; ++i) parts.push_back(share_of(node, i, 4));
  const Cluster cluster = merge(parts);
  EXPECT_EQ(cluster.nodes[0].num_cores(), 2u);
  EXPECT_EQ(cluster.nodes[0].mem_bytes, 100u);
  EXPECT_EQ(cluster.nodes[0].gpus.size(), 1u);
}

TEST(Cluster, numbers_the_leaf_switches) {
  std::vector<Node> nodes{uniform("a", 1, 1, 0), uniform("b", 1, 1, 0), uniform("c", 1, 1, 0)};
  nodes[0].switch_path = nodes[2].switch_path = "s0.s1";
  nodes[1].switch_path = "s0.s2";
  EXPECT_THAT(merge(nodes).switch_of_node, ElementsAre(0, 1, 0));
}

TEST(Cluster, without_known_switches_is_under_one) {
  EXPECT_THAT(merge(std::vector{uniform("a", 1, 1, 0), uniform("b", 1, 1, 0)}).switch_of_node, ElementsAre(0, 0));
}

TEST(Cluster, of_nobody_is_empty) { EXPECT_EQ(merge({}), Cluster{}); }

}  // namespace
}  // namespace fugle::topology
