#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "topology/topology.hpp"

namespace fugle::topology {
namespace {

std::vector<Node> shares(const Node& node, std::uint32_t count) {
  std::vector<Node> parts;
  for (std::uint32_t i = 0; i < count; ++i) parts.push_back(share_of(node, i, count));
  return parts;
}

TEST(Share, gives_the_remainder_of_a_division_to_the_first_ranks) {
  const auto parts = shares(uniform("n", 7, 11, 0), 3);
  EXPECT_EQ(parts[0].num_cores(), 3u);
  EXPECT_EQ(parts[1].num_cores(), 2u);
  EXPECT_EQ(parts[2].num_cores(), 2u);
  EXPECT_EQ(parts[0].mem_bytes, 4u);
  EXPECT_EQ(parts[1].mem_bytes, 4u);
  EXPECT_EQ(parts[2].mem_bytes, 3u);
}

TEST(Share, gives_every_rank_a_core_even_when_there_are_fewer_cores_than_ranks) {
  const auto parts = shares(uniform("n", 2, 100, 0), 4);
  for (const Node& part : parts) EXPECT_EQ(part.num_cores(), 1u);
  EXPECT_EQ(parts[0].pus[0].os_index, 0u);
  EXPECT_EQ(parts[3].pus[0].os_index, 1u) << "all are used";
}

TEST(Share, of_a_single_rank_is_the_node) {
  const Node node = synthetic("pack:2 l3:2 core:2 pu:2 gpu:1", "n");
  EXPECT_EQ(share_of(node, 0, 1), node);
}

TEST(Share, is_a_package_each_when_there_are_as_many_ranks) {
  const Node node = synthetic("pack:2 [numa(memory=500)] l3:4 core:4 pu:2 gpu:2", "n");
  const Node second = share_of(node, 1, 2);
  EXPECT_EQ(second.num_cores(), 32u);
  EXPECT_EQ(second.pus.front().os_index, 32u);
  EXPECT_EQ(second.num_groups(Level::package), 1u) << "groups are numbered anew";
  EXPECT_EQ(second.num_groups(Level::l3), 4u);
  ASSERT_EQ(second.numa_nodes.size(), 1u);
  EXPECT_EQ(second.numa_nodes[0].os_index, 1u);
  ASSERT_EQ(second.gpus.size(), 2u) << "those of its package";
  EXPECT_EQ(second.gpus[0].index, 2u);
  EXPECT_EQ(second.gpus[0].numa, 0u);
  EXPECT_EQ(second.mem_bytes, 500u);
  EXPECT_EQ(second.whole_mem_bytes, 1000u);
}

TEST(Share, does_not_split_cores_when_there_are_enough) {
  const auto parts = shares(synthetic("core:7 pu:2", "n"), 3);
  EXPECT_EQ(parts[0].num_cores(), 6u);
  EXPECT_EQ(parts[1].num_cores(), 4u);
  EXPECT_EQ(parts[2].num_cores(), 4u);
  for (const Node& part : parts) EXPECT_EQ(part.num_groups(Level::core) * 2, part.num_cores());
}

TEST(Share, splits_cores_when_there_are_too_few) {
  for (const Node& part : shares(synthetic("core:2 pu:4", "n"), 4)) EXPECT_EQ(part.num_cores(), 2u);
}

TEST(Share, is_disjoint_and_leaves_nothing_over) {
  for (const char* machine : {"pack:2 numa:2 l3:2 core:3 pu:2 gpu:3", "core:5 pu:1 gpu:1", "pack:2 pu:3 gpu:4"}) {
    const Node node = synthetic(machine, "n");
    for (std::uint32_t count = 1; count <= node.num_cores(); ++count) {
      std::set<std::uint32_t> cpus, gpus;
      std::uint64_t mem = 0;
      std::size_t most_gpus = 0, fewest_gpus = 99;
      for (const Node& part : shares(node, count)) {
        for (const Pu& pu : part.pus) EXPECT_TRUE(cpus.insert(pu.os_index).second) << machine << " " << count;
        for (const Device& gpu : part.gpus) EXPECT_TRUE(gpus.insert(gpu.index).second) << machine << " " << count;
        mem += part.mem_bytes;
        most_gpus = std::max(most_gpus, part.gpus.size());
        fewest_gpus = std::min(fewest_gpus, part.gpus.size());
      }
      EXPECT_EQ(cpus.size(), node.pus.size());
      EXPECT_EQ(gpus.size(), node.gpus.size());
      EXPECT_EQ(mem, node.mem_bytes);
      EXPECT_LE(most_gpus, fewest_gpus + 1);
    }
  }
}

TEST(Share, has_the_gpu_whose_package_it_is_in) {
  Node node = synthetic("pack:2 core:2 pu:1", "n");
  node.gpus = {{"g", "", 0, 1, 1, {}}};
  EXPECT_TRUE(share_of(node, 0, 2).gpus.empty());
  EXPECT_EQ(share_of(node, 1, 2).gpus.size(), 1u);
}

TEST(Share, sees_network_cards_of_other_parts_from_afar) {
  Node node = synthetic("pack:2 core:2 pu:1", "n");
  node.nics = {{"eth0", "", 0, 1, 1, {}}};
  const Node first = share_of(node, 0, 2);
  ASSERT_EQ(first.nics.size(), 1u);
  EXPECT_EQ(first.nics[0].package, kNoGroup);
  EXPECT_EQ(share_of(node, 1, 2).nics[0].package, 0u);
}

}  // namespace
}  // namespace fugle::topology
