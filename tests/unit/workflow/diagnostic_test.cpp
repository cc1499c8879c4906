#include "workflow/diagnostic.hpp"

#include <gtest/gtest.h>

namespace fugle::workflow {
namespace {

TEST(Diagnostics, are_silent_when_there_are_none) { EXPECT_EQ(Diagnostics("w.yaml").to_text(), ""); }

TEST(Diagnostics, print_place_code_text_and_totals) {
  Diagnostics diagnostics("w.yaml");
  diagnostics.error("E103", {3, 5}, "unknown key 'x'");
  diagnostics.warning("W07", {4, 1}, "useless");
  EXPECT_EQ(diagnostics.to_text(),
            "w.yaml:3:5: error E103: unknown key 'x'\n"
            "w.yaml:4:1: warning W07: useless\n"
            "w.yaml: 1 error, 1 warning\n");
}

TEST(Diagnostics, print_notes_below_their_message) {
  Diagnostics diagnostics("w.yaml");
  diagnostics.add({Severity::error, "E201", {1, 2}, "cycle a -> a", "", {{{1, 2}, "a needs a"}}});
  EXPECT_EQ(diagnostics.to_text(),
            "w.yaml:1:2: error E201: cycle a -> a\nw.yaml:1:2: note: a needs a\nw.yaml: 1 error, 0 warnings\n");
}

TEST(Diagnostics, of_the_command_line_name_no_file) {
  Diagnostics diagnostics("w.yaml");
  diagnostics.error("E110", {}, "members: 999 > max 64");
  EXPECT_EQ(diagnostics.to_text(), "command line: error E110: members: 999 > max 64\nw.yaml: 1 error, 0 warnings\n");
}

TEST(Diagnostics, print_at_most_fifty_and_count_the_rest) {
  Diagnostics diagnostics("w.yaml");
  for (std::uint32_t line = 1; line <= 53; ++line) diagnostics.error("E103", {line, 1}, "x");
  const std::string text = diagnostics.to_text();
  EXPECT_NE(text.find("w.yaml:50:1"), std::string::npos);
  EXPECT_EQ(text.find("w.yaml:51:1"), std::string::npos);
  EXPECT_TRUE(text.ends_with("... and 3 more\nw.yaml: 53 errors, 0 warnings\n")) << text;
}

TEST(Diagnostics, sort_by_place_and_drop_doubles) {
  Diagnostics diagnostics("w.yaml");
  diagnostics.error("E1", {2, 1}, "b");
  diagnostics.error("E1", {1, 9}, "a");
  diagnostics.error("E2", {2, 1}, "c");
  diagnostics.error("E1", {2, 1}, "b");
  diagnostics.error("E1", {}, "first");
  diagnostics.sort();
  ASSERT_EQ(diagnostics.all().size(), 4u);
  EXPECT_EQ(diagnostics.all()[0].text, "first");
  EXPECT_EQ(diagnostics.all()[1].text, "a");
  EXPECT_EQ(diagnostics.all()[2].text, "b");
  EXPECT_EQ(diagnostics.all()[3].text, "c");
}

TEST(Diagnostics, are_ascii_whatever_the_file_holds) {
  Diagnostics diagnostics("w.yaml");
  diagnostics.error("E107", {1, 1}, "name 'caf\xC3\xA9'\a");
  EXPECT_EQ(diagnostics.to_text(), "w.yaml:1:1: error E107: name 'caf\\xC3\\xA9'\\x07\nw.yaml: 1 error, 0 warnings\n");
}

TEST(Diagnostics, have_a_json_form) {
  Diagnostics diagnostics("w.yaml");
  diagnostics.add({Severity::error, "E103", {3, 5}, "t", "retries", {{{4, 6}, "n"}}});
  diagnostics.warning("W07", {5, 1}, "u");
  EXPECT_EQ(diagnostics.to_json(),
            R"([{"code":"E103","severity":"error","file":"w.yaml","line":3,"column":5,"message":"t",)"
            R"("suggestion":"retries","notes":[{"line":4,"column":6,"message":"n"}]},)"
            R"({"code":"W07","severity":"warning","file":"w.yaml","line":5,"column":1,"message":"u",)"
            R"("suggestion":null,"notes":[]}])");
}

TEST(Diagnostics, json_of_bytes_that_are_not_text_does_not_throw) {
  Diagnostics diagnostics("w\xFF.yaml");
  diagnostics.error("E101", {1, 1}, "\xC3");
  EXPECT_NE(diagnostics.to_json().find("ufffd"), std::string::npos);
}

}  // namespace
}  // namespace fugle::workflow
