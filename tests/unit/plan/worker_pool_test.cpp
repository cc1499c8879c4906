#include "plan/worker_pool.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "base/random.hpp"

namespace fugle::plan {
namespace {

TEST(WorkerPool, chooses_the_worker_with_the_most_free_cores_and_the_lowest_of_equals) {
  WorkerPool pool(std::vector<Slot>{{2, 0}, {4, 0}, {4, 0}});
  EXPECT_EQ(pool.best_for({1, 0}), WorkerId(1));
  pool.take(WorkerId(1), {1, 0});
  EXPECT_EQ(pool.best_for({1, 0}), WorkerId(2));
  pool.give_back(WorkerId(1), {1, 0});
  EXPECT_EQ(pool.best_for({1, 0}), WorkerId(1));
}

TEST(WorkerPool, has_no_worker_for_more_cores_than_any_has_free) {
  WorkerPool pool(std::vector<Slot>{{2, 0}, {2, 0}});
  EXPECT_FALSE(pool.best_for({3, 0}).is_valid());
  pool.take(WorkerId(0), {2, 0});
  pool.take(WorkerId(1), {2, 0});
  EXPECT_FALSE(pool.best_for({1, 0}).is_valid());
}

TEST(WorkerPool, counts_memory_only_where_the_worker_does) {
  WorkerPool pool(std::vector<Slot>{{4, 100}, {2, 0}});
  EXPECT_EQ(pool.best_for({1, 200}), WorkerId(1));
  EXPECT_EQ(pool.best_for({1, 100}), WorkerId(0));
  pool.take(WorkerId(0), {1, 80});
  EXPECT_EQ(pool.best_for({1, 30}), WorkerId(1));
}

TEST(WorkerPool, takes_the_share_of_the_cores_where_a_request_names_no_memory) {
  WorkerPool pool(std::vector<Slot>{{4, 400}});
  pool.take(WorkerId(0), {1, 350});
  EXPECT_FALSE(pool.best_for({1, 0}).is_valid());
  EXPECT_TRUE(pool.best_for({1, 50}).is_valid());
}

TEST(WorkerPool, finds_the_fullest_worker_with_room) {
  WorkerPool pool(std::vector<Slot>{{4}, {4}, {4}});
  EXPECT_EQ(pool.fullest_for({2}), WorkerId(0));
  pool.take(WorkerId(1), {2});
  EXPECT_EQ(pool.fullest_for({2}), WorkerId(1));
  EXPECT_EQ(pool.fullest_for({3}), WorkerId(0));
  pool.take(WorkerId(1), {1});
  EXPECT_EQ(pool.fullest_for({2}), WorkerId(0));
}

TEST(WorkerPool, counts_gpus) {
  WorkerPool pool(std::vector<Slot>{{8, 0, 0}, {4, 0, 2}});
  EXPECT_EQ(pool.best_for({1, 0, 1}), WorkerId(1));
  pool.take(WorkerId(1), {1, 0, 2});
  EXPECT_FALSE(pool.best_for({1, 0, 1}).is_valid());
  EXPECT_TRUE(pool.has_room(WorkerId(1), {1}));
}

TEST(WorkerPool, agrees_with_a_scan_over_all_workers) {
  Random random(17);
  std::vector<Slot> slots;
  for (int w = 0; w < 37; ++w) {
    slots.push_back(
        {1 + static_cast<std::uint32_t>(random.below(8)), random.below(4) == 0 ? 0 : 64 + random.below(64)});
  }
  WorkerPool pool(slots);
  std::vector<std::uint32_t> cores;
  std::vector<std::uint64_t> mem;
  for (const Slot& slot : slots) cores.push_back(slot.cores), mem.push_back(slot.mem_bytes);

  for (int round = 0; round < 2000; ++round) {
    const graph::Request request{1 + static_cast<std::uint32_t>(random.below(3)), random.below(3) * 20};
    WorkerId expected;
    for (std::uint32_t w = 0; w < slots.size(); ++w) {
      const bool fits = cores[w] >= request.cores && mem[w] >= memory_on(slots[w], request);
      if (fits && (!expected.is_valid() || cores[w] > cores[expected.value()])) expected = WorkerId(w);
    }
    ASSERT_EQ(pool.best_for(request), expected) << "round " << round;
    if (!expected.is_valid()) break;
    pool.take(expected, request);
    cores[expected.value()] -= request.cores;
    mem[expected.value()] -= memory_on(slots[expected.value()], request);
  }
}

}  // namespace
}  // namespace fugle::plan
