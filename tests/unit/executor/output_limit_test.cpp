#include "executor/spawner/output_limit.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fugle::spawner {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

/// What the log would hold of these pieces of output.
std::string log_of(OutputLimit& limit, const std::vector<std::string>& pieces) {
  std::string log;
  for (const std::string& piece : pieces) {
    log += piece.substr(0, limit.take(piece.data(), piece.size()));
    log += limit.take_notice();
  }
  return log + limit.take_rest();
}

TEST(OutputLimit, without_a_limit_everything_is_kept) {
  OutputLimit limit;
  EXPECT_EQ(log_of(limit, {std::string(100'000, 'a'), "b"}), std::string(100'000, 'a') + "b");
}

TEST(OutputLimit, output_that_just_fits_is_kept_as_it_is_however_it_comes) {
  for (std::size_t piece = 1; piece < 20; ++piece) {
    OutputLimit limit;
    limit.set_limit(100);
    std::string text;
    std::vector<std::string> pieces;
    for (std::size_t i = 0; i < 100; ++i) text += static_cast<char>('!' + i % 90);
    for (std::size_t at = 0; at < 100; at += piece) pieces.push_back(text.substr(at, piece));
    EXPECT_EQ(log_of(limit, pieces), text) << piece;
    EXPECT_EQ(limit.dropped_bytes(), 0u);
  }
}

TEST(OutputLimit, of_a_flood_the_beginning_and_the_end_are_kept_and_lines_between_say_what_is_missing) {
  OutputLimit limit;
  limit.set_limit(20);
  const std::string log = log_of(limit, {"beginning.", std::string(80, '-'), "the ending"});
  EXPECT_THAT(log, StartsWith("beginning.\n[fugle: output of this attempt exceeds its limit of 20 bytes;"));
  EXPECT_THAT(log, HasSubstr("[fugle: 10 bytes of output were kept above, 80 bytes were dropped here"));
  EXPECT_THAT(log, EndsWith("]\nthe ending"));
  EXPECT_EQ(limit.dropped_bytes(), 80u);
}

TEST(OutputLimit, the_first_line_about_it_is_there_while_the_flood_goes_on) {
  OutputLimit limit;
  limit.set_limit(4);
  EXPECT_EQ(limit.take("ab\ncdefg", 8), 2u);
  EXPECT_THAT(limit.take_notice(), HasSubstr("exceeds its limit"));
  EXPECT_EQ(limit.take("h", 1), 0u);
  EXPECT_EQ(limit.take_notice(), "") << "once";
}

TEST(OutputLimit, the_tail_is_no_longer_than_64_KiB) {
  OutputLimit limit;
  limit.set_limit(1 << 20);
  const std::string flood(1 << 21, 'x');
  EXPECT_EQ(limit.take(flood.data(), flood.size()), (1u << 20) - OutputLimit::kMostTail);
  EXPECT_EQ(limit.dropped_bytes(), 1u << 20);
}

}  // namespace
}  // namespace fugle::spawner
