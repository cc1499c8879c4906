#include "executor/plain_command.hpp"

#include <gtest/gtest.h>

namespace fugle::executor {
namespace {

using Words = std::vector<std::string>;

TEST(PlainCommand, is_a_path_and_words_that_mean_nothing_to_a_shell) {
  EXPECT_EQ(plain_command("/bin/true"), (Words{"/bin/true"}));
  EXPECT_EQ(plain_command("./solve --nu  0.1 -o out/a_1.h5\n"), (Words{"./solve", "--nu", "0.1", "-o", "out/a_1.h5"}));
  EXPECT_EQ(plain_command("bin/prog key=value,50%"), (Words{"bin/prog", "key=value,50%"}));
}

TEST(PlainCommand, leaves_all_else_to_the_shell) {
  for (const char* script :
       {"",         "\n",        "true",      "echo hi", "cd /tmp",     "A=/x ./prog", "A=/bin/true",
        "./a; ./b", "./a\n./b",  "./a *",     "./a ~",   "./a $X",      "./a 'b'",     "./a > f",
        "./a &",    "./a #b",    "./a {1,2}", "./a\tb",  "! /bin/true", "time ./a",    "./a \\b",
        "./a ?",    "[ -f /x ]", "./a !1",    "./a `b`", "(./a)"})
    EXPECT_EQ(plain_command(script), std::nullopt) << script;
}

}  // namespace
}  // namespace fugle::executor
