#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "calls/quiet_search.hpp"
#include "calls/record_pool.hpp"
#include "calls/work_deque.hpp"

namespace fugle::calls {
namespace {

TEST(WorkDeque, gives_its_owner_the_newest_and_thieves_the_oldest) {
  int items[3] = {};
  WorkDeque<int> deque;
  for (int& item : items) deque.push(&item);
  EXPECT_EQ(deque.size(), 3u);
  EXPECT_EQ(deque.steal(), &items[0]);
  EXPECT_EQ(deque.take(), &items[2]);
  EXPECT_EQ(deque.take(), &items[1]);
  EXPECT_EQ(deque.take(), nullptr);
  EXPECT_EQ(deque.steal(), nullptr);
}

TEST(WorkDeque, gives_each_item_to_one_only) {
  constexpr int kItems = 20000;
  std::vector<std::atomic<int>> num_given(kItems);
  WorkDeque<std::atomic<int>> deque;
  std::atomic<int> num_left{kItems};
  const auto count = [&](std::atomic<int>* item) {
    if (item == nullptr) return;
    ++*item;
    --num_left;
  };
  std::vector<std::thread> thieves;
  for (int i = 0; i < 3; ++i)
    thieves.emplace_back([&] {
      while (num_left > 0) count(deque.steal());
    });
  for (int i = 0; i < kItems; ++i) {
    deque.push(&num_given[static_cast<std::size_t>(i)]);
    if (i % 3 == 0) count(deque.take());
  }
  while (num_left > 0) count(deque.take());
  for (std::thread& thief : thieves) thief.join();
  EXPECT_THAT(num_given, testing::Each(testing::ResultOf([](const auto& n) { return n.load(); }, 1)));
}

TEST(RecordPool, gives_memory_again_and_lives_until_the_last_piece_is_back) {
  auto& pool = *new RecordPool(nullptr);
  RecordPool::Cache cache;
  std::uint8_t size_class = 0;
  void* first = pool.give(cache, 1000, size_class);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(first) % 16, 0u);
  EXPECT_EQ(&RecordPool::of(first), &pool);
  pool.take_back(cache, first, size_class);
  EXPECT_EQ(pool.give(cache, 1000, size_class), first);
  std::uint8_t large_class = 1;
  void* large = pool.give(cache, 1000000, large_class);
  EXPECT_EQ(large_class, 0);
  EXPECT_EQ(&RecordPool::of(large), &pool);
  pool.leave(cache.num_given - cache.num_back);
  pool.take_back_outside(large, large_class);
  EXPECT_EQ(pool.owner(), nullptr);
  pool.take_back_outside(first, size_class);
}

TEST(RecordPool, passes_pieces_from_cache_to_cache) {
  auto& pool = *new RecordPool(nullptr);
  RecordPool::Cache giver, taker;
  std::vector<void*> pieces;
  std::uint8_t size_class = 0;
  for (int i = 0; i < 2000; ++i) pieces.push_back(pool.give(giver, 64, size_class));
  for (void* piece : pieces) pool.take_back(taker, piece, size_class);
  EXPECT_LT(taker.free[size_class].count, 600u);
  pool.leave(0);
}

TEST(QuietSearch, needs_two_waves_that_agree) {
  QuietSearch search;
  EXPECT_FALSE(search.look(5, 5));
  EXPECT_TRUE(search.look(5, 5));
  search.begin_anew();
  EXPECT_FALSE(search.look(5, 5));
  EXPECT_FALSE(search.look(6, 5));
  EXPECT_FALSE(search.look(6, 6));
  EXPECT_FALSE(search.look(7, 7));
  EXPECT_TRUE(search.look(7, 7));
}

}  // namespace
}  // namespace fugle::calls
