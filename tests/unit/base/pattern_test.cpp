#include "base/pattern.hpp"

#include <gtest/gtest.h>

#include <regex>

namespace fugle {
namespace {

Pattern pattern(std::string_view text) {
  auto parsed = Pattern::parse(text);
  if (const auto* problem = std::get_if<Pattern::Problem>(&parsed)) {
    ADD_FAILURE() << text << ": " << problem->text;
    return std::get<Pattern>(Pattern::parse(""));
  }
  return std::get<Pattern>(std::move(parsed));
}

std::string group_in(std::string_view text, std::string_view line) {
  const auto match = pattern(text).search(line);
  return match ? std::string(match->group) : "(none)";
}

std::string problem_of(std::string_view text) {
  const auto parsed = Pattern::parse(text);
  const auto* problem = std::get_if<Pattern::Problem>(&parsed);
  return problem == nullptr ? "(none)" : problem->text;
}

TEST(Pattern, finds_the_group_of_the_patterns_that_people_write) {
  EXPECT_EQ(group_in("Performance: +([0-9.]+)", "Performance:      123.45        0.19"), "123.45");
  EXPECT_EQ(group_in("Timing for main.*: +([0-9.]+) elapsed", "Timing for main: time x on domain 1:    0.31 elapsed s"),
            "0.31");
  EXPECT_EQ(group_in("^energy\\s*=\\s*(-?\\d+\\.\\d+)$", "energy = -12.50"), "-12.50");
  EXPECT_EQ(group_in("(?:wall|cpu) time (?<seconds>\\S+)", "cpu time 1.0D+03"), "1.0D+03");
  EXPECT_EQ(group_in("(?P<x>[[:digit:]]{3,})", "12 345"), "345");
  EXPECT_EQ(group_in("\\bT=([^,]+),", "dT=1,T=2,"), "2");
  EXPECT_EQ(group_in("a (\\d+) b", "a 1 c"), "(none)");
}

TEST(Pattern, means_what_the_standard_library_means) {
  const char* const patterns[] = {"a|ab",
                                  "(a|ab)(c|bcd)",
                                  "a*",
                                  "a*?b",
                                  "(a+)(a*)",
                                  "(x)?y",
                                  "[^a-c]+",
                                  "^a|b$",
                                  "(a|b)*c",
                                  "a{2,3}",
                                  "a{2,3}?",
                                  "(ab){2}",
                                  "x{,3}",
                                  "[a\\-z]+",
                                  "(a*)*",
                                  "(a|b|)+c",
                                  "\\w+\\b",
                                  "\\Bb",
                                  "(?:a|(b))c",
                                  ".",
                                  "(.*)=(.*)",
                                  "[\\d.]+",
                                  "a\\.b",
                                  "\\x41+",
                                  "(a(b)?)+c",
                                  "(?:x*)y",
                                  "[.-]",
                                  "[]a",
                                  "a{0}b",
                                  "(|a)b",
                                  "((a)|b)+",
                                  "[+-]?\\d+",
                                  "\\[([^\\]]*)\\]",
                                  "(a?"
                                  "?)(a?)",
                                  "\\$(\\d)"};
  const char* const lines[] = {"",   "a",     "ab",    "abc",   "abcd", "aaa", "xaab",  "caab", "bc",
                               "ac", "y",     "xy",    "aaab",  "a.b",  "1.5", "k=v=w", "AAB",  "ababc",
                               "b",  "bb ab", "zzz-a", "x{,3}", "[1]",  "$5",  "+12-3", "abac", "xxxy"};
  for (const char* text : patterns) {
    const auto parsed = Pattern::parse(text);
    std::regex reference;
    try {
      reference = std::regex(text);
    } catch (const std::regex_error&) {
      continue;  // not all that is read here is read there
    }
    ASSERT_TRUE(std::holds_alternative<Pattern>(parsed)) << text << ": " << std::get<Pattern::Problem>(parsed).text;
    const Pattern& ours = std::get<Pattern>(parsed);
    for (const std::string line : lines) {
      std::smatch wanted;
      const bool has = std::regex_search(line, wanted, reference);
      const auto match = ours.search(line);
      ASSERT_EQ(match.has_value(), has) << text << " in " << line;
      if (!has) continue;
      EXPECT_EQ(match->begin, static_cast<std::size_t>(wanted.position(0))) << text << " in " << line;
      EXPECT_EQ(match->end, static_cast<std::size_t>(wanted.position(0) + wanted.length(0))) << text << " in " << line;
      EXPECT_TRUE(line.find(ours.literal()) != std::string::npos) << text << " in " << line;
    }
  }
}

TEST(Pattern, counts_the_groups_that_capture) {
  EXPECT_EQ(pattern("abc").num_groups(), 0u);
  EXPECT_EQ(pattern("a(b)(?:c)(?<n>d(e))").num_groups(), 3u);
  EXPECT_EQ(pattern("\\(a\\)[(]").num_groups(), 0u);
}

TEST(Pattern, knows_bytes_that_every_match_has) {
  EXPECT_EQ(pattern("Performance: +([0-9.]+)").literal(), "Performance: ");
  EXPECT_EQ(pattern("([0-9]+) ns/day").literal(), " ns/day");
  EXPECT_EQ(pattern("(abc)+d?ef").literal(), "abc");
  EXPECT_EQ(pattern("abc|abd").literal(), "");
  EXPECT_EQ(pattern("(x|y)z(long)?").literal(), "z");
}

TEST(Pattern, says_what_is_wrong_with_a_text) {
  EXPECT_EQ(problem_of("a(b"), "')' is missing");
  EXPECT_EQ(problem_of("ab)"), "')' without '('");
  EXPECT_EQ(problem_of("[a"), "']' is missing");
  EXPECT_EQ(problem_of("*a"), "nothing to repeat");
  EXPECT_EQ(problem_of("a**"), "a repeat of a repeat; use (?:...)");
  EXPECT_EQ(problem_of("a\\"), "a backslash at the end");
  EXPECT_EQ(problem_of("(a)\\1"), "references to groups are not read");
  EXPECT_EQ(problem_of("(?=a)"), "look-around is not read");
  EXPECT_EQ(problem_of("a{3,2}"), "the counts of a repeat are in the wrong order");
  EXPECT_EQ(problem_of("((a{1000}){1000}){1000}"), "it is too long, or repeats too much");
  EXPECT_EQ(problem_of(std::string(1000, '(')), "too many parentheses in each other");
  EXPECT_EQ(problem_of("a{2}"), "(none)");
}

/// These take 2^n steps, or as many frames of a stack as there are bytes, where a match is looked for by backtracking.
TEST(Pattern, takes_linear_time_for_patterns_that_ruin_others) {
  const std::string text(64 * 1024, 'a');
  EXPECT_FALSE(pattern("(a+)+b").search(text));
  EXPECT_FALSE(pattern("(a|aa)*b").search(text.substr(0, 1000)));
  EXPECT_EQ(pattern("(a|b)*").search(text)->end, text.size());
}

TEST(Pattern, goes_on_behind_a_match) {
  const Pattern number = pattern("([0-9]+)");
  const std::string_view line = "1 22 333";
  const auto second = number.search(line, 1);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->group, "22");
  EXPECT_FALSE(number.search(line, 8));
  EXPECT_FALSE(number.search(line, 9));
  EXPECT_FALSE(pattern("^2").search("12", 1)) << "the line begins at its first byte only";
}

}  // namespace
}  // namespace fugle
