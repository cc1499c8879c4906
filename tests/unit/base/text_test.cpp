#include "base/text.hpp"

#include <gtest/gtest.h>

#include "base/time.hpp"

namespace fugle {
namespace {

TEST(NearestWord, allows_two_edits_and_a_third_of_the_length) {
  const std::string_view known[] = {"retries", "needs", "run", "real"};
  EXPECT_EQ(nearest_word("retires", known), "retries");
  EXPECT_EQ(nearest_word("reel", known), "real");
  EXPECT_EQ(nearest_word("rnu", known), "run");
  EXPECT_EQ(nearest_word("xyz", known), std::nullopt);
  EXPECT_EQ(nearest_word("c", known), std::nullopt) << "a letter is near to every other";
}

TEST(QuoteForShell, quotes_only_what_needs_it) {
  EXPECT_EQ(quote_for_shell("a/b-1.h5"), "a/b-1.h5");
  EXPECT_EQ(quote_for_shell("my file"), "'my file'");
  EXPECT_EQ(quote_for_shell("it's"), "'it'\\''s'");
  EXPECT_EQ(quote_for_shell(""), "''");
}

TEST(FormatBytes, uses_powers_of_1024) {
  EXPECT_EQ(format_bytes(512), "512B");
  EXPECT_EQ(format_bytes(1u << 20), "1.0M");
  EXPECT_EQ(format_bytes(2684354560u), "2.5G");
}

TEST(Time, limits_are_told_as_they_are_written) {
  using namespace std::chrono_literals;
  EXPECT_EQ(format_written(5h), "5h");
  EXPECT_EQ(format_written(90s), "1m30s");
  EXPECT_EQ(format_written(49h + 500ms), "2d1h500ms");
  EXPECT_EQ(format_written(0s), "0s");
  EXPECT_EQ(format_written(-5s), "-5s");
}

TEST(FormatDuration, keeps_two_units) {
  using namespace std::chrono_literals;
  EXPECT_EQ(format_duration(850ms), "850ms");
  EXPECT_EQ(format_duration(12300ms), "12.3s");
  EXPECT_EQ(format_duration(245s), "4m05s");
  EXPECT_EQ(format_duration(2h + 3min), "2h03m");
  EXPECT_EQ(format_duration(76h), "3d04h");
}

TEST(Split, keeps_empty_parts) { EXPECT_EQ(split("a,,b", ','), (std::vector<std::string_view>{"a", "", "b"})); }

}  // namespace
}  // namespace fugle
