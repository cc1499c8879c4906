#include "base/shell_words.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fugle {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(ShellWords, are_what_stands_between_blanks) {
  EXPECT_THAT(shell_words(" mpiexec  -n\t4 "), ElementsAre("mpiexec", "-n", "4"));
  EXPECT_THAT(shell_words("  "), IsEmpty());
}

TEST(ShellWords, may_hold_blanks_and_quotes_in_quotes_or_after_a_backslash) {
  EXPECT_THAT(shell_words("'my launcher' \"a'b\" c\\ d 'e\\f' \"\""),
              ElementsAre("my launcher", "a'b", "c d", "e\\f", ""));
  EXPECT_THAT(shell_words("-x='a b'c"), ElementsAre("-x=a bc"));
}

TEST(ShellWords, end_with_the_text_where_a_quote_is_open) {
  EXPECT_THAT(shell_words("a 'b c"), ElementsAre("a", "b c"));
}

}  // namespace
}  // namespace fugle
