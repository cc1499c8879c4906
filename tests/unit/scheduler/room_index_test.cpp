#include "scheduler/room_index.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"

namespace fugle::scheduler {
namespace {

RoomIndex::Room room(std::uint32_t cores, std::uint32_t free, std::uint64_t mem = 0, std::uint32_t gpus = 0) {
  return {{cores, mem, gpus}, {free, mem, gpus}, 1.0F - static_cast<float>(free) / static_cast<float>(cores), 0};
}

TEST(RoomIndex, prefers_the_most_free_cores_and_then_the_lowest_worker) {
  RoomIndex index(3);
  index.set(WorkerId(0), room(8, 2));
  index.set(WorkerId(1), room(8, 5));
  index.set(WorkerId(2), room(8, 5));
  EXPECT_EQ(index.with_most_room({2, 0, 0}), WorkerId(1));
  index.close(WorkerId(1));
  EXPECT_EQ(index.with_most_room({2, 0, 0}), WorkerId(2));
  EXPECT_EQ(index.with_most_room({6, 0, 0}), std::nullopt);
}

TEST(RoomIndex, counts_memory_and_gpus_too) {
  RoomIndex index(2);
  index.set(WorkerId(0), room(8, 8, 100, 0));
  index.set(WorkerId(1), room(4, 4, 1000, 2));
  EXPECT_EQ(index.with_most_room({1, 500, 0}), WorkerId(1));
  EXPECT_EQ(index.with_most_room({1, 0, 1}), WorkerId(1));
  EXPECT_EQ(index.with_most_room({1, 0, 0}), WorkerId(0));
}

TEST(RoomIndex, has_whole_nodes_only_where_one_worker_is_alone_and_idle) {
  RoomIndex index(3);
  const auto worker = [](std::uint32_t free, bool is_alone) {
    RoomIndex::Room here = room(8, free);
    here.is_alone = is_alone;
    return here;
  };
  index.set(WorkerId(0), worker(8, false));
  index.set(WorkerId(1), worker(7, true));
  const graph::Request whole{1, 0, 0, true};
  EXPECT_EQ(index.with_most_room(whole), std::nullopt);
  EXPECT_EQ(index.with_least_room(whole), std::nullopt);
  index.set(WorkerId(2), worker(8, true));
  EXPECT_EQ(index.with_most_room(whole), WorkerId(2));
  EXPECT_EQ(index.with_least_room(whole), WorkerId(2));
  EXPECT_EQ(index.with_most_room({9, 0, 0, true}), std::nullopt);
}

TEST(RoomIndex, finds_the_least_loaded_that_is_large_enough) {
  RoomIndex index(3);
  index.set(WorkerId(0), room(2, 2));
  index.set(WorkerId(1), room(8, 1));
  index.set(WorkerId(2), room(8, 4));
  EXPECT_EQ(index.least_loaded({4, 0, 0}), WorkerId(2));
  EXPECT_EQ(index.least_loaded({1, 0, 0}), WorkerId(0));
  EXPECT_EQ(index.least_loaded({9, 0, 0}), std::nullopt);
}

TEST(RoomIndex, leaves_out_who_is_not_there_long_enough) {
  RoomIndex index(2);
  RoomIndex::Room leaving = room(8, 8);
  leaving.last_end = from_ns(100);
  index.set(WorkerId(0), leaving);
  index.set(WorkerId(1), room(4, 3));
  EXPECT_EQ(index.with_most_room({1, 0, 0}), WorkerId(0));
  EXPECT_EQ(index.with_most_room({1, 0, 0}, from_ns(100)), WorkerId(0));
  EXPECT_EQ(index.with_most_room({1, 0, 0}, from_ns(101)), WorkerId(1));
  EXPECT_EQ(index.with_least_room({4, 0, 0}, from_ns(101)), std::nullopt);
  EXPECT_EQ(index.least_loaded({4, 0, 0}, from_ns(101)), WorkerId(1));
  EXPECT_EQ(index.least_loaded({5, 0, 0}, from_ns(101)), std::nullopt);
  EXPECT_FALSE(index.has_room(WorkerId(0), {1, 0, 0}, from_ns(101)));
}

TEST(RoomIndex, keeps_what_it_knows_when_it_grows) {
  RoomIndex index(2);
  index.set(WorkerId(1), room(4, 3));
  index.grow(9);
  EXPECT_EQ(index.with_most_room({1, 0, 0}), WorkerId(1));
  index.set(WorkerId(8), room(8, 8));
  EXPECT_EQ(index.with_most_room({1, 0, 0}), WorkerId(8));
  EXPECT_EQ(index.with_least_room({1, 0, 0}), WorkerId(1));
}

TEST(RoomIndex, agrees_with_a_look_at_every_worker) {
  Random random(5);
  constexpr std::uint32_t kWorkers = 37;
  RoomIndex index(kWorkers);
  std::vector<RoomIndex::Room> rooms(kWorkers);
  std::vector<bool> is_open(kWorkers, false);
  for (int round = 0; round < 5000; ++round) {
    const auto w = static_cast<std::uint32_t>(random.below(kWorkers));
    const auto cores = static_cast<std::uint32_t>(1 + random.below(8));
    rooms[w] = room(cores, static_cast<std::uint32_t>(random.below(cores + 1)), 100 * random.below(4),
                    static_cast<std::uint32_t>(random.below(3)));
    is_open[w] = random.chance(0.8);
    if (is_open[w])
      index.set(WorkerId(w), rooms[w]);
    else
      index.close(WorkerId(w));
    const graph::Request request{static_cast<std::uint32_t>(1 + random.below(8)), 100 * random.below(3),
                                 static_cast<std::uint32_t>(random.below(2))};
    std::optional<WorkerId> best;
    for (std::uint32_t i = 0; i < kWorkers; ++i) {
      const plan::Slot& free = rooms[i].free;
      if (!is_open[i] || free.cores < request.cores || free.gpus < request.gpus ||
          free.mem_bytes < plan::memory_on(rooms[i].capacity, request) || free.mem_bytes < request.mem_bytes)
        continue;
      if (!best || free.cores > rooms[best->value()].free.cores) best = WorkerId(i);
    }
    ASSERT_EQ(index.with_most_room(request), best) << "round " << round;
  }
}

}  // namespace
}  // namespace fugle::scheduler
