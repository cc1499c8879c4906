#include "topology/topology.hpp"

#include <gtest/gtest.h>
#include <sched.h>

#include "base/error.hpp"

namespace fugle::topology {
namespace {

TEST(Topology, of_a_synthetic_machine_counts_its_processing_units_and_memory) {
  const Node node = synthetic("pack:2 [numa(memory=1073741824)] core:4 pu:2", "big");
  EXPECT_EQ(node.name, "big");
  EXPECT_EQ(node.num_cores(), 16u);
  EXPECT_EQ(node.mem_bytes, 2u * 1073741824u);
}

TEST(Topology, refuses_a_description_that_hwloc_does_not_read) {
  EXPECT_THROW((void)synthetic("two packages", "bad"), EnvironmentError);
}

TEST(Topology, of_this_node_has_a_name_cores_and_memory) {
  const Node node = discover();
  EXPECT_FALSE(node.name.empty());
  EXPECT_GE(node.num_cores(), 1u);
  EXPECT_GT(node.mem_bytes, 0u);
}

TEST(Topology, of_this_node_counts_only_the_cores_this_process_may_use) {
  cpu_set_t before;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  cpu_set_t one;
  CPU_ZERO(&one);
  for (int cpu = 0; CPU_COUNT(&one) == 0; ++cpu) {
    if (CPU_ISSET(cpu, &before)) CPU_SET(cpu, &one);
  }
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  const Node node = discover();
  sched_setaffinity(0, sizeof before, &before);
  EXPECT_EQ(node.num_cores(), 1u);
}

TEST(Topology, gives_the_remainder_of_a_division_to_the_first_ranks) {
  const Node node = uniform("n", 7, 11, 0);
  EXPECT_EQ(share_of(node, 0, 3).num_cores(), 3u);
  EXPECT_EQ(share_of(node, 1, 3).num_cores(), 2u);
  EXPECT_EQ(share_of(node, 2, 3).num_cores(), 2u);
  EXPECT_EQ(share_of(node, 0, 3).mem_bytes, 4u);
  EXPECT_EQ(share_of(node, 1, 3).mem_bytes, 4u);
  EXPECT_EQ(share_of(node, 2, 3).mem_bytes, 3u);
}

TEST(Topology, gives_every_rank_a_core_even_when_there_are_fewer_cores_than_ranks) {
  const Node node = uniform("n", 2, 100, 0);
  for (std::uint32_t i = 0; i < 4; ++i) EXPECT_EQ(share_of(node, i, 4).num_cores(), 1u);
}

}  // namespace
}  // namespace fugle::topology
