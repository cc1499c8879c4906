#include "executor/line_scanner.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fugle::executor {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

LineScanner scanner_of(const std::vector<std::string>& regexes) {
  std::vector<Pattern> patterns;
  for (const std::string& regex : regexes) patterns.push_back(std::get<Pattern>(Pattern::parse(regex)));
  return LineScanner(std::move(patterns));
}

const std::string kOutput =
    "start\n"
    "step 1: energy -1.5 time 0.10\n"
    "step 2: energy -2.5e0 time 0.20\r\n"
    "progress 50%\rprogress 100%\r"
    "step 3: energy -3.5 time abc\n"
    "total time 9";

TEST(LineScanner, finds_a_series_for_each_pattern) {
  LineScanner scanner = scanner_of({"energy (\\S+)", "time ([0-9.]+)$", "([0-9]+)%"});
  scanner.add(kOutput);
  scanner.finish();
  EXPECT_THAT(scanner.found()[0].values, ElementsAre(-1.5, -2.5, -3.5));
  EXPECT_THAT(scanner.found()[1].values, ElementsAre(0.1, 0.2, 9));
  EXPECT_THAT(scanner.found()[2].values, ElementsAre(50, 100));
}

TEST(LineScanner, finds_the_same_however_the_output_is_cut) {
  for (std::size_t size = 1; size < kOutput.size(); ++size) {
    LineScanner scanner = scanner_of({"energy (\\S+)", "^step ([0-9])", "([0-9]+)%"});
    for (std::size_t at = 0; at < kOutput.size(); at += size) scanner.add(std::string_view(kOutput).substr(at, size));
    scanner.finish();
    EXPECT_THAT(scanner.found()[0].values, ElementsAre(-1.5, -2.5, -3.5)) << size;
    EXPECT_THAT(scanner.found()[1].values, ElementsAre(1, 2, 3)) << size;
    EXPECT_THAT(scanner.found()[2].values, ElementsAre(50, 100)) << size;
  }
}

TEST(LineScanner, finds_several_in_one_line) {
  LineScanner scanner = scanner_of({"x=([0-9]+)"});
  scanner.add("x=1 x=2 x=x=3\n");
  EXPECT_THAT(scanner.found()[0].values, ElementsAre(1, 2, 3));
}

TEST(LineScanner, names_what_is_no_number) {
  LineScanner scanner = scanner_of({"time (\\S+)"});
  scanner.add("time abc\ntime 1\ntime def\n");
  EXPECT_THAT(scanner.found()[0].values, ElementsAre(1));
  EXPECT_EQ(scanner.found()[0].unreadable, "abc");
}

TEST(LineScanner, keeps_a_bounded_number_of_values_and_says_which) {
  LineScanner scanner = scanner_of({"v ([0-9]+)"});
  const std::uint64_t count = 5 * LineScanner::kMostValues;
  for (std::uint64_t i = 0; i < count; ++i) scanner.add("v " + std::to_string(i) + "\n");
  const LineScanner::Found& found = scanner.found()[0];
  EXPECT_EQ(found.num_values, count);
  EXPECT_LE(found.values.size(), LineScanner::kMostValues);
  EXPECT_EQ(found.stride, 8u);
  ASSERT_EQ(found.values.size(), count / 8);
  for (std::size_t i = 0; i < found.values.size(); ++i) ASSERT_EQ(found.values[i], static_cast<double>(i * 8));
}

TEST(LineScanner, takes_a_line_without_end_in_bounded_memory) {
  LineScanner scanner = scanner_of({"value ([0-9]+);"});
  const std::string dots(1 << 20, '.');
  scanner.add(dots);
  scanner.add("value 7;");
  scanner.add(dots);
  scanner.finish();
  EXPECT_THAT(scanner.found()[0].values, ElementsAre(7));
}

TEST(LineScanner, finds_nothing_in_nothing) {
  LineScanner scanner = scanner_of({"(a?)"});
  scanner.finish();
  EXPECT_THAT(scanner.found()[0].values, IsEmpty());
}

TEST(ParseValue, reads_numbers_as_programs_print_them) {
  double value = 0;
  EXPECT_TRUE(parse_value(" +1.5 ", value));
  EXPECT_EQ(value, 1.5);
  EXPECT_TRUE(parse_value("-1.0D+03", value));
  EXPECT_EQ(value, -1000);
  EXPECT_TRUE(parse_value("2e-3", value));
  EXPECT_EQ(value, 0.002);
  EXPECT_FALSE(parse_value("", value));
  EXPECT_FALSE(parse_value("1,5", value));
  EXPECT_FALSE(parse_value("12s", value));
  EXPECT_FALSE(parse_value("nan", value));
  EXPECT_FALSE(parse_value("-inf", value));
  EXPECT_FALSE(parse_value("1.2.3", value));
}

}  // namespace
}  // namespace fugle::executor
