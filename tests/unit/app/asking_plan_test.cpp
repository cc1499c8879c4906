#include <gtest/gtest.h>

#include "app/allocation_watch.hpp"

namespace fugle::app {
namespace {

using namespace std::chrono_literals;

constexpr Time kStart = Time{} + 1000s;

/// Seconds at which it asks, looked at each second.
std::vector<int> times_of_asking(AskingPlan plan, int first, int last) {
  std::vector<int> times;
  for (int second = first; second <= last; ++second) {
    const Time now = kStart + std::chrono::seconds(second);
    if (!plan.is_time_to_ask(now)) continue;
    times.push_back(second);
    plan.note_asked(now);
  }
  return times;
}

TEST(AskingPlan, asks_every_thirty_seconds_while_the_end_is_far_or_not_known) {
  AskingPlan plan(0s);
  plan.note_asked(kStart);
  EXPECT_EQ(times_of_asking(plan, 1, 100), (std::vector<int>{30, 60, 90}));
  plan.set_end(kStart + 24h, kStart);
  EXPECT_EQ(times_of_asking(plan, 1, 100), (std::vector<int>{30, 60, 90}));
}

TEST(AskingPlan, asks_more_often_as_the_reserve_comes_near) {
  AskingPlan plan(10s);
  plan.note_asked(kStart);
  plan.set_end(kStart + 50s, kStart);
  EXPECT_EQ(times_of_asking(plan, 1, 39), (std::vector<int>{20, 30, 35, 38, 39}));
}

TEST(AskingPlan, wants_to_be_sure_before_the_end_is_acted_upon_unless_it_has_just_asked) {
  AskingPlan plan(10s);
  plan.note_asked(kStart);
  plan.set_end(kStart + 50s, kStart);
  EXPECT_FALSE(plan.must_be_sure(kStart + 39s));
  EXPECT_TRUE(plan.must_be_sure(kStart + 40s));
  plan.set_end(kStart + 50s, kStart + 39s);
  EXPECT_FALSE(plan.must_be_sure(kStart + 40s)) << "that is fresh enough";
  EXPECT_TRUE(plan.must_be_sure(kStart + 300s)) << "the job was suspended meanwhile";
}

TEST(AskingPlan, has_nothing_to_be_sure_of_where_there_is_no_end) {
  EXPECT_FALSE(AskingPlan(10s).must_be_sure(kStart + 24h));
}

}  // namespace
}  // namespace fugle::app
