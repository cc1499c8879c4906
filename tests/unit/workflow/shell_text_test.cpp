#include "workflow/shell_text.hpp"

#include <gtest/gtest.h>

namespace fugle::workflow {
namespace {

std::string problem(const Value& value) { return shell_problem("params.x", value).value_or("safe"); }

TEST(ShellText, words_of_safe_characters_numbers_and_nothing_need_no_quotes) {
  EXPECT_EQ(problem("data/run_1.tar.gz"), "safe");
  EXPECT_EQ(problem("a=b,c:d@e%f+g-h"), "safe");
  EXPECT_EQ(problem(""), "safe");
  EXPECT_EQ(problem(std::int64_t{-3}), "safe");
  EXPECT_EQ(problem(1.5e-300), "safe");
  EXPECT_EQ(problem(true), "safe");
}

TEST(ShellText, other_characters_are_named) {
  EXPECT_EQ(problem("my file"), "params.x holds a blank ('my file'); write ${{ q(params.x) }}");
  EXPECT_EQ(problem("a;b"), "params.x holds ';' ('a;b'); write ${{ q(params.x) }}");
  EXPECT_EQ(problem("$(rm)"), "params.x holds '$' ('$(rm)'); write ${{ q(params.x) }}");
  EXPECT_EQ(problem("a\nb"), "params.x holds a line break ('a\\nb'); write ${{ q(params.x) }}");
  EXPECT_EQ(problem("it's"), "params.x holds a quote ('it's'); write ${{ q(params.x) }}");
  EXPECT_EQ(problem("~"), "params.x holds '~' ('~'); write ${{ q(params.x) }}");
  EXPECT_EQ(problem("\xC3\xA9").substr(0, 41), "params.x holds a character outside ASCII ");
}

TEST(ShellText, a_list_is_as_safe_as_its_items) {
  EXPECT_EQ(problem(List{"a", "b.txt"}), "safe");
  EXPECT_EQ(problem(List{"a", "b c"}), "params.x holds a blank ('b c'); write ${{ q(params.x) }}");
}

}  // namespace
}  // namespace fugle::workflow
