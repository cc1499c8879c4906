#include "app/allocation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"

namespace fugle::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::uint64_t kGib = std::uint64_t{1} << 30;

topology::Node here() { return topology::uniform("here", 6, 12 * kGib, 1); }

std::string refusal(const std::string& text) {
  try {
    (void)parse_allocation(text, here());
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

TEST(Allocation, says_how_many_nodes_of_which_size) {
  const Allocation allocation = parse_allocation("nodes=3,cores=8,mem=256G,gpus=4", here());
  EXPECT_THAT(allocation.node_counts, ElementsAre(3));
  const Workers workers = described_workers(allocation, 3);
  ASSERT_EQ(workers.machine.num_workers(), 3U);
  EXPECT_EQ(workers.machine.workers[2], (plan::Slot{8, 256 * kGib, 4}));
  EXPECT_EQ(workers.parts[2].name, "n3");
  EXPECT_EQ(workers.parts[2].num_cores(), 8U);
  EXPECT_EQ(workers.parts[2].gpus.size(), 4U);
  EXPECT_FALSE(workers.parts[2].is_real);
  EXPECT_EQ(workers.machine.distance(0, 2), 1);
}

TEST(Allocation, is_like_this_machine_where_nothing_is_said) {
  const Allocation allocation = parse_allocation("nodes=2", here());
  EXPECT_EQ(described_workers(allocation, 2).machine.workers[1], (plan::Slot{6, 12 * kGib, 1}));
  const Allocation more = parse_allocation("cores=7", here());
  EXPECT_THAT(more.node_counts, ElementsAre(1));
  EXPECT_EQ(described_workers(more, 1).machine.workers[0], (plan::Slot{7, 12 * kGib, 1}));
  const Allocation without = parse_allocation("gpus=0,mem=1G", here());
  EXPECT_EQ(described_workers(without, 1).machine.workers[0], (plan::Slot{6, kGib, 0}));
}

TEST(Allocation, a_range_of_sizes_doubles_and_ends_where_it_says) {
  EXPECT_THAT(parse_allocation("nodes=1..8", here()).node_counts, ElementsAre(1, 2, 4, 8));
  EXPECT_THAT(parse_allocation("nodes=3..20,cores=2", here()).node_counts, ElementsAre(3, 6, 12, 20));
  EXPECT_THAT(parse_allocation("nodes=5..5", here()).node_counts, ElementsAre(5));
}

TEST(Allocation, a_topology_comes_last_and_may_hold_blanks_and_commas) {
  const Allocation allocation =
      parse_allocation("nodes=2,mem=8G,topology=pack:2 numa:1(memory=1073741824) core:4 pu:1", here());
  EXPECT_THAT(allocation.node_counts, ElementsAre(2));
  const Workers workers = described_workers(allocation, 2);
  EXPECT_EQ(workers.machine.workers[1], (plan::Slot{8, 8 * kGib, 0}));
  EXPECT_EQ(workers.parts[1].pus.back().package, 1U);
  EXPECT_EQ(parse_allocation("topology=core:3 pu:1", here()).node.num_cores(), 3U);
}

TEST(Allocation, gpus_are_spread_over_the_numa_nodes) {
  const Allocation allocation = parse_allocation("gpus=4,topology=pack:2 numa:1 core:2 pu:1", here());
  ASSERT_EQ(allocation.node.gpus.size(), 4U);
  EXPECT_EQ(allocation.node.gpus[1].package, 0U);
  EXPECT_EQ(allocation.node.gpus[2].package, 1U);
  EXPECT_EQ(allocation.node.gpus[3].numa, 1U);
}

TEST(Allocation, refuses_what_it_cannot_read) {
  for (const char* text : {"", "nodes", "nodes=0", "nodes=4..2", "nodes=-1", "cores=0", "cores=1..2", "disk=4",
                           "nodes=2,,cores=1", "topology=", "nodes=2000000"})
    EXPECT_THAT(refusal(text), HasSubstr("'--alloc': cannot read '")) << text;
  EXPECT_THAT(refusal("mem=4000"), HasSubstr("'--alloc': cannot read 'mem=4000' (memory needs a unit"));
  EXPECT_THAT(refusal("topology=gone.xml"), HasSubstr("'--alloc': "));
  EXPECT_THAT(refusal("topology=what:is this"), HasSubstr("'--alloc': "));
  EXPECT_THAT(refusal("cores=3,topology=core:4 pu:1"), HasSubstr("cores=3 is not what the topology has (4)"));
}

TEST(Allocation, ranks_of_this_machine_share_it) {
  const Workers two = workers_here(here(), 2, 0);
  ASSERT_EQ(two.machine.num_workers(), 2U);
  EXPECT_EQ(two.machine.workers[0].cores, 3U);
  EXPECT_EQ(two.machine.distance(0, 1), 0);
  EXPECT_EQ(workers_here(here(), 1, 2).machine.workers[0].cores, 2U);
}

TEST(Allocation, ranks_that_share_cores_are_bound_to_none) {
  EXPECT_EQ(workers_here(here(), 2, 3).parts[1].num_cores(), 3U);
  const Workers crowded = workers_here(here(), 2, 4);
  EXPECT_TRUE(crowded.parts[1].pus.empty());
  EXPECT_EQ(crowded.machine.workers[1].cores, 4U);
  EXPECT_TRUE(workers_here(here(), 7, 0).parts[6].pus.empty());
}

TEST(Allocation, what_a_rank_brings_survives_the_way) {
  const RankPart rank = part_of_rank(here(), 1, 7, 2);
  const RankPart back = decode_rank_part(encode(rank));
  EXPECT_EQ(back.cores, 2U);
  EXPECT_FALSE(back.may_bind);
  EXPECT_EQ(back.part, rank.part);
}

TEST(Allocation, a_rank_that_only_leads_offers_nothing) {
  std::vector<RankPart> ranks{part_of_rank(here(), 0, 2, 0), part_of_rank(here(), 1, 2, 0)};
  ranks[0].cores = 0;
  const Workers workers = workers_of_ranks(ranks);
  EXPECT_EQ(workers.machine.workers[0], (plan::Slot{0, 0, 0}));
  EXPECT_EQ(workers.machine.workers[1].cores, 3U);
}

}  // namespace
}  // namespace fugle::app
