#include "topology/topology.hpp"

#include <gtest/gtest.h>
#include <sched.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "base/error.hpp"

namespace fugle::topology {
namespace {

/// Sets an environment variable for a while.
class ScopedVariable {
 public:
  ScopedVariable(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  ~ScopedVariable() { ::unsetenv(name_); }
  ScopedVariable(const ScopedVariable&) = delete;
  ScopedVariable& operator=(const ScopedVariable&) = delete;

 private:
  const char* name_;
};

TEST(Topology, of_a_synthetic_machine_counts_its_processing_units_and_memory) {
  const Node node = synthetic("pack:2 [numa(memory=1073741824)] core:4 pu:2", "big");
  EXPECT_EQ(node.name, "big");
  EXPECT_EQ(node.num_cores(), 16u);
  EXPECT_EQ(node.mem_bytes, 2u * 1073741824u);
  EXPECT_FALSE(node.is_real);
}

TEST(Topology, of_a_synthetic_machine_has_its_levels) {
  const Node node = synthetic("pack:2 numa:2(memory=1000) l3:2 core:4 pu:2", "n");
  EXPECT_EQ(node.num_groups(Level::core), 32u);
  EXPECT_EQ(node.num_groups(Level::l3), 8u);
  EXPECT_EQ(node.num_groups(Level::numa), 4u);
  EXPECT_EQ(node.num_groups(Level::package), 2u);
  EXPECT_EQ(node.num_groups(Level::node), 1u);
  EXPECT_TRUE(node.has_l3);
  EXPECT_TRUE(node.has_numa);
  ASSERT_EQ(node.numa_nodes.size(), 4u);
  EXPECT_EQ(node.numa_nodes[3], (NumaNode{3, 1000}));
  const Pu last{63, 31, 7, 3, 1};
  EXPECT_EQ(node.pus.back(), last);
}

TEST(Topology, without_caches_has_an_l3_group_for_each_numa_node) {
  const Node node = synthetic("pack:2 numa:4 core:16 pu:2", "n");
  EXPECT_FALSE(node.has_l3);
  EXPECT_TRUE(node.has_numa);
  EXPECT_EQ(node.num_groups(Level::l3), 8u);
}

TEST(Topology, without_numa_nodes_has_one_for_each_package_that_share_the_memory) {
  const Node node = synthetic("pack:2 l3:4 core:4 pu:1", "n");
  EXPECT_FALSE(node.has_numa);
  ASSERT_EQ(node.numa_nodes.size(), 2u);
  EXPECT_EQ(node.numa_nodes[0].os_index, node.numa_nodes[1].os_index);
  EXPECT_EQ(node.numa_nodes[0].mem_bytes, node.mem_bytes / 2);
  EXPECT_EQ(node.num_groups(Level::numa), 2u);
}

TEST(Topology, divides_a_cache_that_spans_numa_nodes_so_that_levels_nest) {
  const Node node = synthetic("pack:1 l3:1 numa:2 core:2 pu:1", "sub-numa clusters");
  EXPECT_EQ(node.num_groups(Level::numa), 2u);
  EXPECT_EQ(node.num_groups(Level::l3), 2u);
  EXPECT_TRUE(node.has_l3);
}

TEST(Topology, of_bare_cores_is_one_package) {
  const Node node = synthetic("core:4 pu:2", "n");
  EXPECT_EQ(node.num_groups(Level::core), 4u);
  EXPECT_EQ(node.num_groups(Level::package), 1u);
  EXPECT_EQ(synthetic("4", "n").num_groups(Level::core), 4u);
}

TEST(Topology, may_leave_out_the_units_of_single_threaded_cores) {
  EXPECT_EQ(synthetic("pack:2 core:4", "n"), synthetic("pack:2 core:4 pu:1", "n"));
  EXPECT_EQ(synthetic("Package:2 L3:2 Core:4", "n").num_cores(), 16u);
}

TEST(Topology, puts_the_described_gpus_into_each_package_and_spreads_them_over_its_numa_nodes) {
  const Node node = synthetic("pack:2 numa:2 core:4 pu:1 gpu:4", "n");
  ASSERT_EQ(node.gpus.size(), 8u);
  EXPECT_EQ(node.gpus[1].numa, 0u);
  EXPECT_EQ(node.gpus[2].numa, 1u);
  EXPECT_EQ(node.gpus[7].numa, 3u);
  EXPECT_EQ(node.gpus[7].package, 1u);
  EXPECT_EQ(node.gpus[7].index, 7u);
  EXPECT_EQ(node.gpus[7].name, "gpu7");
}

TEST(Topology, refuses_a_description_that_hwloc_does_not_read) {
  for (const char* bad : {"two packages", "", "pack:2 core:4 gpu:many", "gpu:2", "pack:0 pu:1", "core:2 gpu:1 pu:2"})
    EXPECT_THROW((void)synthetic(bad, "bad"), EnvironmentError) << bad;
}

TEST(Topology, of_this_node_has_a_name_cores_and_memory) {
  const Node node = discover();
  EXPECT_FALSE(node.name.empty());
  EXPECT_GE(node.num_cores(), 1u);
  EXPECT_GT(node.mem_bytes, 0u);
  EXPECT_TRUE(node.is_real);
  EXPECT_GE(node.numa_nodes.size(), 1u);
}

TEST(Topology, of_this_node_counts_only_the_cores_this_process_may_use) {
  cpu_set_t before;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  cpu_set_t one;
  CPU_ZERO(&one);
  int last = -1;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &before)) last = cpu;
  CPU_SET(last, &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  const Node node = discover();
  sched_setaffinity(0, sizeof before, &before);
  ASSERT_EQ(node.num_cores(), 1u);
  EXPECT_EQ(node.pus[0].os_index, static_cast<std::uint32_t>(last));
  EXPECT_EQ(node.pus[0].core, 0u) << "groups are numbered anew";
}

TEST(Topology, of_this_node_may_be_replaced_by_a_description) {
  const ScopedVariable stand_in("HWLOC_SYNTHETIC", "package:2 [numa(memory=5000)] core:3 pu:1");
  const ScopedVariable hidden("CUDA_VISIBLE_DEVICES", "");
  const Node node = discover();
  EXPECT_FALSE(node.is_real);
  EXPECT_EQ(node.num_cores(), 6u);
  EXPECT_EQ(node.mem_bytes, 10'000u) << "not that of the real machine";
}

TEST(Topology, of_this_node_knows_the_switches_slurm_tells) {
  const ScopedVariable address("SLURM_TOPOLOGY_ADDR", "s0.s4.node7");
  const ScopedVariable pattern("SLURM_TOPOLOGY_ADDR_PATTERN", "switch.switch.node");
  EXPECT_EQ(discover().switch_path, "s0.s4");
}

TEST(Topology, of_equal_cores_is_one_group_on_each_level) {
  const Node node = uniform("n", 64, 1000, 2);
  EXPECT_EQ(node.num_cores(), 64u);
  EXPECT_EQ(node.num_groups(Level::l3), 1u);
  EXPECT_EQ(node.gpus.size(), 2u);
  EXPECT_FALSE(node.is_real);
  EXPECT_FALSE(node.has_l3);
}

TEST(Topology, lists_numbers_as_linux_does) {
  EXPECT_EQ(list_text({}), "");
  EXPECT_EQ(list_text({8, 3, 2, 1, 0}), "0-3,8");
  EXPECT_EQ(list_text({5, 7, 5, 6}), "5-7");
  EXPECT_EQ(list_text({4, 2}), "2,4");
}

}  // namespace
}  // namespace fugle::topology
