#include "base/printable.hpp"

#include <gtest/gtest.h>

namespace fugle {
namespace {

TEST(Printable, keeps_what_people_write) {
  EXPECT_EQ(printable("a\tb\nLuftströmung 気流 🌬"), "a\tb\nLuftströmung 気流 🌬");
}

TEST(Printable, shows_what_would_steer_a_terminal) {
  EXPECT_EQ(printable("\x1b[2J"), "\\x1b[2J");
  EXPECT_EQ(printable("a\rb\x07\x7f"), "a\\x0db\\x07\\x7f");
  EXPECT_EQ(printable("\xc2\x9b"
                      "2J"),
            "\\xc2\\x9b2J");
  EXPECT_EQ(printable(std::string_view("a\0b", 3)), "a\\x00b");
}

TEST(Printable, shows_bytes_that_are_not_utf8) {
  EXPECT_EQ(printable("\xff"), "\\xff");
  EXPECT_EQ(printable("\xc0\xaf"), "\\xc0\\xaf");                    // overlong
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");           // surrogate
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");  // beyond Unicode
  EXPECT_EQ(printable("\xe6\xb0"), "\\xe6\\xb0");                    // cut off
}

}  // namespace
}  // namespace fugle
