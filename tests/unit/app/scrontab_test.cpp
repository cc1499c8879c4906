#include "app/scrontab.hpp"

#include <gtest/gtest.h>

namespace fugle::app {
namespace {

TEST(Scrontab, an_entry_is_put_behind_what_is_there) {
  EXPECT_EQ(with_entry("0 1 * * * mine\n", "/w.yaml", "* * * * * x\n"),
            "0 1 * * * mine\n# fugle begin /w.yaml\n* * * * * x\n# fugle end /w.yaml\n");
  EXPECT_EQ(with_entry("", "/w.yaml", "e\n"), "# fugle begin /w.yaml\ne\n# fugle end /w.yaml\n");
}

TEST(Scrontab, an_entry_is_replaced_and_taken_out_and_others_stay) {
  const std::string one = with_entry("a\n", "/w.yaml", "old\n");
  const std::string two = with_entry(one + "b\n", "/other.yaml", "other\n");
  EXPECT_EQ(with_entry(two, "/w.yaml", ""), "a\nb\n# fugle begin /other.yaml\nother\n# fugle end /other.yaml\n");
  const std::string again = with_entry(two, "/w.yaml", "new\n");
  EXPECT_EQ(again.find("old"), std::string::npos);
  EXPECT_NE(again.find("new"), std::string::npos);
  EXPECT_EQ(with_entry(one, "/w.yaml", ""), "a\n");
}

TEST(Scrontab, each_schedule_is_a_line_with_the_options_of_its_job) {
  workflow::ScheduleTrigger t;
  t.text = "*/5 * * * *";
  EXPECT_EQ(entry_of({t}, {"--partition=low"}, "/bin/fugle serve --once /w.yaml"),
            "#SCRON --time=10 --open-mode=append\n#SCRON --partition=low\n*/5 * * * * /bin/fugle serve --once "
            "/w.yaml\n");
}

}  // namespace
}  // namespace fugle::app
