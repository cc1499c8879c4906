#include <gtest/gtest.h>

#include "app/allocation.hpp"

namespace fugle::app {
namespace {

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;

topology::Node machine(const char* description = "pack:1 core:8 pu:1") {
  topology::Node node = topology::synthetic(description, "n1");
  node.mem_bytes = 16 * kGiB;
  return node;
}

TEST(Granted, nothing_is_what_is_seen) {
  const RankPart rank = part_in_job(machine(), {}, 1, 2, 0);
  const RankPart same = part_of_rank(machine(), 1, 2, 0);
  EXPECT_EQ(rank.cores, same.cores);
  EXPECT_EQ(rank.may_bind, same.may_bind);
  EXPECT_EQ(rank.part, same.part);
}

TEST(Granted, less_than_is_seen_is_kept_to_without_binding) {
  const RankPart rank = part_in_job(machine(), {2, 4 * kGiB, false, 8}, 0, 1, 0);
  EXPECT_EQ(rank.cores, 2);
  EXPECT_FALSE(rank.may_bind) << "which two of the eight are ours is not known";
  EXPECT_EQ(rank.part.mem_bytes, 4 * kGiB);
}

TEST(Granted, what_is_seen_is_bound_to) {
  const RankPart rank = part_in_job(machine(), {8, std::nullopt, false, 8}, 0, 1, 0);
  EXPECT_EQ(rank.cores, 8);
  EXPECT_TRUE(rank.may_bind);
  EXPECT_EQ(rank.part.mem_bytes, 16 * kGiB);
}

TEST(Granted, more_than_the_machine_has_is_taken_without_binding) {
  const RankPart rank = part_in_job(machine("pack:1 core:2 pu:1"), {4, 32 * kGiB, false, 2}, 0, 1, 0);
  EXPECT_EQ(rank.cores, 4);
  EXPECT_FALSE(rank.may_bind);
  EXPECT_EQ(rank.part.mem_bytes, 16 * kGiB) << "memory can not be had twice";
}

TEST(Granted, cores_are_shared_by_the_ranks_of_a_node) {
  EXPECT_EQ(part_in_job(machine(), {5, 4 * kGiB, false, 8}, 0, 2, 0).cores, 3);
  EXPECT_EQ(part_in_job(machine(), {5, 4 * kGiB, false, 8}, 1, 2, 0).cores, 2);
  EXPECT_EQ(part_in_job(machine(), {5, 4 * kGiB, false, 8}, 1, 2, 0).part.mem_bytes, 2 * kGiB);
  EXPECT_EQ(part_in_job(machine("pack:1 core:2 pu:1"), {4, std::nullopt, false, 2}, 1, 2, 0).cores, 2);
}

TEST(Granted, a_rank_that_sees_only_its_own_cores_keeps_them) {
  const RankPart rank = part_in_job(machine("pack:1 core:4 pu:1"), {8, std::nullopt, false, 8}, 1, 2, 0);
  EXPECT_EQ(rank.cores, 4);
  EXPECT_TRUE(rank.may_bind);
  EXPECT_EQ(rank.part.num_cores(), 4);
  EXPECT_EQ(rank.part.mem_bytes, 8 * kGiB);
}

TEST(Granted, a_rank_alone_on_its_node_that_was_bound_to_less_keeps_to_that) {
  const RankPart rank = part_in_job(machine("pack:1 core:1 pu:1"), {4, std::nullopt, false, 8}, 0, 1, 0);
  EXPECT_EQ(rank.cores, 1);
  EXPECT_TRUE(rank.may_bind);
}

TEST(Granted, threads_of_granted_cores_are_not_counted_twice) {
  const RankPart rank = part_in_job(machine("pack:1 core:4 pu:2"), {4, std::nullopt, false, 8}, 0, 1, 0);
  EXPECT_EQ(rank.cores, 4);
  EXPECT_TRUE(rank.may_bind);
  EXPECT_EQ(rank.part.num_cores(), 4);
  EXPECT_EQ(rank.part.num_groups(topology::Level::core), 4);
}

TEST(Granted, gpus_of_each_rank_are_not_cut_again) {
  topology::Node node = machine();
  node.gpus.push_back({"cuda1", "nvidia", 1, 0, 0, "1"});
  EXPECT_EQ(part_in_job(node, {8, std::nullopt, true, 8}, 1, 2, 0).part.gpus.size(), 1);
  EXPECT_EQ(part_in_job(node, {8, std::nullopt, true, 8}, 0, 2, 0).part.gpus.size(), 1);
}

TEST(Granted, what_was_asked_for_with_j_counts) {
  const RankPart rank = part_in_job(machine(), {4, std::nullopt, false, 8}, 0, 1, 2);
  EXPECT_EQ(rank.cores, 2);
  EXPECT_FALSE(part_in_job(machine("pack:1 core:4 pu:1"), {4, std::nullopt, false, 8}, 0, 1, 6).may_bind);
}

}  // namespace
}  // namespace fugle::app
