#include "plan/party.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace fugle::plan {
namespace {

using Offers = std::vector<std::pair<std::uint32_t, std::uint32_t>>;  // worker, node
using Numbers = std::vector<std::uint32_t>;

Numbers numbers(const std::vector<WorkerId>& workers) {
  Numbers result;
  for (const WorkerId worker : workers) result.push_back(worker.value());
  return result;
}

Numbers pick(const graph::Spread& spread, Gather gather, const Offers& offers, int leader = -1) {
  PartyPicker picker(spread, gather);
  if (leader >= 0) picker.offer_leader(WorkerId(offers[leader].first), offers[leader].second);
  for (const auto& [worker, node] : offers)
    if (!picker.offer(WorkerId(worker), node)) break;
  return numbers(picker.take());
}

/// Two workers on node 0, three on node 1, one on node 2.
const Offers kSix{{5, 0}, {0, 1}, {1, 0}, {2, 1}, {3, 2}, {4, 1}};

TEST(PartyPicker, takes_one_worker_of_each_node_in_the_order_of_the_offers) {
  EXPECT_EQ(pick({2, 2}, Gather::together, kSix), (Numbers{5, 0}));
  EXPECT_EQ(pick({3, 3}, Gather::first, kSix), (Numbers{5, 0, 3}));
  EXPECT_EQ(pick({2, 2}, Gather::together, kSix, 4), (Numbers{3, 5})) << "the leader's node first";
  EXPECT_EQ(pick({4, 4}, Gather::together, kSix), Numbers{}) << "there are three nodes";
}

TEST(PartyPicker, spreads_workers_evenly_over_the_nodes_that_are_asked_for) {
  EXPECT_EQ(pick({4, 2}, Gather::together, kSix), (Numbers{5, 1, 0, 2}));
  EXPECT_EQ(pick({5, 2}, Gather::together, kSix), (Numbers{0, 2, 4, 5, 1})) << "those that have more come first";
  EXPECT_EQ(pick({3, 1}, Gather::together, kSix), (Numbers{0, 2, 4}));
  EXPECT_EQ(pick({6, 2}, Gather::together, kSix), Numbers{}) << "three on each of two nodes there are not";
  EXPECT_EQ(pick({4, 1}, Gather::first, kSix), Numbers{});
}

TEST(PartyPicker, takes_one_node_that_has_enough_else_few_nodes) {
  EXPECT_EQ(pick({2, 0}, Gather::together, kSix), (Numbers{5, 1})) << "the first that has enough, not the largest";
  EXPECT_EQ(pick({3, 0}, Gather::together, kSix), (Numbers{0, 2, 4}));
  EXPECT_EQ(pick({4, 0}, Gather::together, kSix), (Numbers{0, 2, 4, 5}));
  EXPECT_EQ(pick({6, 0}, Gather::together, kSix), (Numbers{0, 2, 4, 5, 1, 3}));
  EXPECT_EQ(pick({7, 0}, Gather::together, kSix), Numbers{});
}

TEST(PartyPicker, keeps_to_the_leader_unless_another_node_has_enough) {
  EXPECT_EQ(pick({2, 0}, Gather::together, kSix, 5), (Numbers{4, 0})) << "its node has";
  EXPECT_EQ(pick({2, 0}, Gather::together, kSix, 4), (Numbers{5, 1}));
  EXPECT_EQ(pick({4, 0}, Gather::together, kSix, 4), (Numbers{3, 0, 2, 4}));
}

TEST(PartyPicker, takes_few_of_each_node_when_they_are_to_be_apart) {
  EXPECT_EQ(pick({3, 0}, Gather::apart, kSix), (Numbers{5, 0, 3}));
  EXPECT_EQ(pick({4, 0}, Gather::apart, kSix), (Numbers{5, 1, 0, 3}));
  EXPECT_EQ(pick({6, 0}, Gather::apart, kSix), (Numbers{5, 1, 0, 2, 4, 3}));
}

TEST(PartyPicker, takes_the_first_that_are_offered_when_it_is_told_to) {
  EXPECT_EQ(pick({3, 0}, Gather::first, kSix), (Numbers{5, 1, 0})) << "neighbours stand together";
}

TEST(PartyPicker, counts_nobody_twice) {
  EXPECT_EQ(pick({2, 0}, Gather::together, {{1, 0}, {1, 0}, {1, 0}}), Numbers{});
}

}  // namespace
}  // namespace fugle::plan
