#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/walltime.hpp"

namespace fugle::app {
namespace {

using std::chrono::seconds;

constexpr Time kNow = from_ns(1'000'000'000'000);

TEST(ShortTime, is_warned_of_when_nothing_can_start) {
  const auto warning = warning_of_short_time({kNow + seconds(60), seconds(120)}, kNow);
  ASSERT_TRUE(warning);
  EXPECT_THAT(*warning, testing::HasSubstr("1m00s of the allocation are left and 2m00s are kept"));
  EXPECT_TRUE(warning_of_short_time({kNow - seconds(1), seconds(0)}, kNow));
}

TEST(ShortTime, is_nothing_where_there_is_enough_or_no_end) {
  EXPECT_FALSE(warning_of_short_time({kNow + seconds(121), seconds(120)}, kNow));
  EXPECT_FALSE(warning_of_short_time({kNever, seconds(120)}, kNow));
}

}  // namespace
}  // namespace fugle::app
