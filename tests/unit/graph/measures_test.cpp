#include "graph/measures.hpp"

#include <gtest/gtest.h>

namespace fugle::graph {
namespace {

TEST(Measures, come_back_from_their_bytes) {
  const std::vector<Series> series = {{0, 1, {1.5, -2, 1e300}}, {3, 8, {}}};
  EXPECT_EQ(decode_measures(encode_measures(series)), series);
  EXPECT_EQ(decode_measures(encode_measures({})), std::vector<Series>());
}

TEST(Measures, are_not_made_of_other_bytes) {
  const std::vector<Series> series = {{0, 1, {1.5, -2}}};
  const std::string bytes = encode_measures(series);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(decode_measures(std::string_view(bytes).substr(0, size)));
  EXPECT_FALSE(decode_measures(bytes + "x"));
}

TEST(MedianOf, is_the_middle_or_between_the_two_in_the_middle) {
  EXPECT_FALSE(median_of({}));
  EXPECT_EQ(median_of(std::vector<double>{3}), 3);
  EXPECT_EQ(median_of(std::vector<double>{9, 1, 5}), 5);
  EXPECT_EQ(median_of(std::vector<double>{4, 1, 9, 2}), 3);
}

}  // namespace
}  // namespace fugle::graph
