// Communicators of real MPI, made by several threads of each rank at once.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <mpi.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <numeric>
#include <thread>

#include "base/random.hpp"
#include "ranks.hpp"
#include "transport/communicators.hpp"

namespace fugle::transport {
namespace {

using graph::FailureClass;

std::uint32_t self() { return testing::world().self().value(); }

/// Groups of all sizes from 2 on, in any order, overlapping: the same list on every rank.
std::vector<std::vector<std::uint32_t>> random_groups(std::size_t count) {
  Random random(7);
  std::vector<std::vector<std::uint32_t>> groups;
  while (groups.size() < count) {
    std::vector<std::uint32_t> ranks(testing::world().num_ranks());
    std::iota(ranks.begin(), ranks.end(), 0u);
    for (std::size_t i = ranks.size(); i > 1; --i) std::swap(ranks[i - 1], ranks[random.below(i)]);
    ranks.resize(2 + random.below(ranks.size() - 1));
    groups.push_back(ranks);
  }
  return groups;
}

/// Joins as its member, and adds up over all. False: the sum is wrong.
bool add_up(Communicators& communicators, const std::vector<std::uint32_t>& ranks, std::uint32_t number) {
  const auto position = static_cast<std::uint32_t>(std::find(ranks.begin(), ranks.end(), self()) - ranks.begin());
  const auto answer = communicators.join({ranks, position, number}, [] { return false; });
  if (answer.cls != FailureClass::none) return false;
  const MPI_Comm comm = *static_cast<const MPI_Comm*>(answer.communicator.get());
  int rank = -1, size = 0;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &size);
  const std::uint64_t mine = std::uint64_t{number} * 1000 + self();
  std::uint64_t sum = 0;
  MPI_Allreduce(&mine, &sum, 1, MPI_UINT64_T, MPI_SUM, comm);
  std::uint64_t expected = ranks.size() * std::uint64_t{number} * 1000;
  for (const std::uint32_t member : ranks) expected += member;
  answer.keep();
  return sum == expected && rank == static_cast<int>(position) && size == static_cast<int>(ranks.size());
}

/// Each rank takes part in its groups with so many threads, each of which takes the next one: so several are joined at
/// once, and not in the same order everywhere.
void join_all(std::size_t most_at_rest, std::size_t count, std::size_t num_threads) {
  Communicators communicators(most_at_rest);
  const auto groups = random_groups(count);
  std::atomic<std::size_t> next = 0;
  std::atomic<std::size_t> num_wrong = 0;
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < num_threads; ++t)
    threads.emplace_back([&] {
      for (std::size_t i = next++; i < groups.size(); i = next++) {
        const bool is_member = std::find(groups[i].begin(), groups[i].end(), self()) != groups[i].end();
        if (is_member && !add_up(communicators, groups[i], static_cast<std::uint32_t>(i + 1))) ++num_wrong;
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(num_wrong, 0u);
}

TEST(Communicators, of_overlapping_groups_are_made_by_several_threads_at_once) { join_all(0, 300, 3); }

TEST(Communicators, that_were_kept_are_used_again) { join_all(Communicators::kMostAtRest, 600, 3); }

TEST(Communicators, are_kept_in_a_bounded_number) { join_all(2, 300, 2); }

TEST(Communicators, are_not_made_when_a_member_is_not_ready) {
  Communicators communicators;
  std::vector<std::uint32_t> all(testing::world().num_ranks());
  std::iota(all.begin(), all.end(), 0u);
  Communicators::Wish wish{all, self(), 9};
  if (self() == all.back()) wish.cls = FailureClass::setup, wish.reason = "no scratch directory";
  const auto answer = communicators.join(wish, [] { return false; });
  EXPECT_EQ(answer.communicator, nullptr);
  EXPECT_EQ(answer.cls, FailureClass::setup);
  EXPECT_EQ(answer.reason, "no scratch directory");
  EXPECT_TRUE(add_up(communicators, all, 10)) << "the next one is made";
}

/// The notes of a party that was given up may come when another one with the same tag gathers.
TEST(Communicators, of_parties_that_were_given_up_leave_nothing_behind) {
  Communicators communicators;
  std::vector<std::uint32_t> all(testing::world().num_ranks());
  std::iota(all.begin(), all.end(), 0u);
  if (self() + 1 != all.size()) {  // the last one does not come
    int looks = 0;
    const auto answer = communicators.join({all, self(), 3}, [&] { return ++looks > 20; });
    EXPECT_EQ(answer.cls, FailureClass::cancelled);
    EXPECT_EQ(answer.communicator, nullptr);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  EXPECT_TRUE(add_up(communicators, all, 3 + 0x4000));
}

/// A figure, not a claim: what 1,000 groups of two cost.
TEST(CommunicatorsCost, of_a_thousand_groups_of_two) {
  if (std::getenv("FUGLE_MEASURE") == nullptr) GTEST_SKIP() << "by hand, with FUGLE_MEASURE=1";
  for (const std::size_t most : {std::size_t{0}, Communicators::kMostAtRest}) {
    Communicators communicators(most);
    MPI_Barrier(MPI_COMM_WORLD);
    const auto begin = std::chrono::steady_clock::now();
    for (std::uint32_t i = 1; i <= 1000 && self() < 2; ++i) (void)add_up(communicators, {0, 1}, i);
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    if (self() == 0) std::printf("1,000 groups of two, %zu kept: %.1f ms\n", most, took.count());
    MPI_Barrier(MPI_COMM_WORLD);
  }
}

/// Those that wait for it look whether they were given up, as the head does when it hears that a worker is gone.
TEST(LostMember, does_not_hold_those_that_wait_for_it) {
  Communicators communicators;
  if (self() + 1 == testing::world().num_ranks()) ::_exit(3);
  std::vector<std::uint32_t> all(testing::world().num_ranks());
  std::iota(all.begin(), all.end(), 0u);
  scheduler::Transport::Incoming incoming;
  const auto answer = communicators.join({all, self(), 1}, [&] {
    if (self() == 0) testing::world().poll(incoming);  // a worker hears it from the head
    return self() == 0 ? !incoming.lost.empty() : false;
  });
  EXPECT_EQ(answer.cls, FailureClass::cancelled) << "the leader told the others";
  const std::vector<std::uint32_t> rest(all.begin(), all.end() - 1);
  EXPECT_TRUE(add_up(communicators, rest, 2));
}

}  // namespace
}  // namespace fugle::transport
