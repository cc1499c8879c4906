#include "app/partitions.hpp"

#include <gtest/gtest.h>

namespace fugle::app {
namespace {

TEST(Partitions, are_read_as_sinfo_writes_them) {
  const auto groups = parse_sinfo(
      "main*|4|8|4000|gpu:fake:2(S:0-1),gpu:old:1,license:5|infinite|1-infinite\n"
      "short|2|64|192000|(null)|1-02:30:00|1-4\n"
      "debug|1|4|8000|gpu:1|30:00|1\n"
      "broken line\n");
  ASSERT_EQ(groups.size(), 3U);
  EXPECT_EQ(groups[0].partition, "main");
  EXPECT_TRUE(groups[0].is_default);
  EXPECT_EQ(groups[0].nodes, 4U);
  EXPECT_EQ(groups[0].cpus, 8U);
  EXPECT_EQ(groups[0].mem_bytes, std::uint64_t{4000} << 20);
  EXPECT_EQ(groups[0].gpus, 3U);
  EXPECT_FALSE(groups[0].max_time);
  EXPECT_FALSE(groups[0].max_nodes);
  EXPECT_FALSE(groups[1].is_default);
  EXPECT_EQ(groups[1].gpus, 0U);
  EXPECT_EQ(groups[1].max_time, std::chrono::minutes(26 * 60 + 30));
  EXPECT_EQ(groups[1].max_nodes, 4U);
  EXPECT_EQ(groups[2].max_time, std::chrono::minutes(30));
  EXPECT_EQ(groups[2].max_nodes, 1U);
}

TEST(Partitions, without_a_name_the_default_one_is_meant) {
  const auto groups = parse_sinfo(
      "main*|4|8|4000||infinite|1-infinite\nmain*|2|16|4000||infinite|1-infinite\n"
      "short|2|64|192000||infinite|1-4\n");
  EXPECT_EQ(groups_of(groups, "").size(), 2U);
  EXPECT_EQ(groups_of(groups, "short").size(), 1U);
  EXPECT_EQ(groups_of(groups, "short,main").size(), 3U);
  EXPECT_TRUE(groups_of(groups, "none").empty());
}

}  // namespace
}  // namespace fugle::app
