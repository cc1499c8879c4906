#include "executor/given_values.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/executor/executor_fixture.hpp"

namespace fugle::executor {
namespace {

using graph::OutputKind;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

TEST(ParseValues, a_line_is_a_name_and_a_value_that_may_hold_anything) {
  const ParsedValues parsed = parse_values("spread=0.42\n\nurl=http://x?a=b\nempty=\nlast=no newline");
  EXPECT_EQ(parsed.problem, "");
  EXPECT_THAT(parsed.values, ElementsAre(Pair("spread", "0.42"), Pair("url", "http://x?a=b"), Pair("empty", ""),
                                         Pair("last", "no newline")));
}

TEST(ParseValues, several_lines_stand_between_a_word_and_itself) {
  const ParsedValues parsed = parse_values("names<<END\na=1\n\nb\nEND\nnone<<X\nX\n");
  EXPECT_EQ(parsed.problem, "");
  EXPECT_THAT(parsed.values, ElementsAre(Pair("names", "a=1\n\nb"), Pair("none", "")));
}

TEST(ParseValues, what_is_no_value_is_named_by_its_line) {
  EXPECT_THAT(parse_values("a=1\nhello\n").problem, HasSubstr("line 2 of $FUGLE_OUTPUT is neither NAME=VALUE"));
  EXPECT_THAT(parse_values("=1").problem, HasSubstr("line 1"));
  EXPECT_THAT(parse_values("a=1\nb<<END\nx\n").problem, HasSubstr("'b<<END' in line 2 of $FUGLE_OUTPUT has no end"));
  EXPECT_THAT(parse_values("b<<").problem, HasSubstr("needs a word after <<"));
}

class GivenValuesTest : public testing::Test {
 protected:
  void has(const std::string& name, OutputKind kind, const std::string& path = "") {
    task_.output_names.push_back(name);
    task_.output_kinds.push_back(kind);
    paths_.push_back(path);
  }
  GivenValues read(const std::string& text) {
    write_text(folder_ / "values", text);
    return read_given_values(task_, paths_, folder_ / "values");
  }
  TemporaryFolder folder_;
  graph::Task task_;
  std::vector<std::string> paths_;
};

TEST_F(GivenValuesTest, each_output_that_is_no_file_has_its_value) {
  write_text(folder_ / "members.txt", "m01\nm02\n");
  has("grid", OutputKind::file, "/grid.h5");
  has("spread", OutputKind::value);
  has("members", OutputKind::list, folder_ / "members.txt");
  const GivenValues given = read("spread=1\nspread=0.42\n");
  EXPECT_EQ(given.problem, "");
  EXPECT_EQ(given.remark, "");
  EXPECT_THAT(given.values, ElementsAre(graph::GivenValue{1, "0.42"}, graph::GivenValue{2, "m01\nm02\n"}));
}

TEST_F(GivenValuesTest, a_value_that_was_not_given_is_asked_for) {
  has("spread", OutputKind::value);
  EXPECT_EQ(read("spraed=1\n").problem,
            "output 'spread' was not given; write the line spread=VALUE to $FUGLE_OUTPUT");
  EXPECT_EQ(read_given_values(task_, paths_, folder_ / "none").problem,
            "output 'spread' was not given; write the line spread=VALUE to $FUGLE_OUTPUT");
}

TEST_F(GivenValuesTest, a_large_value_belongs_into_a_file) {
  has("x", OutputKind::value);
  EXPECT_EQ(read("x=" + std::string(64 << 10, 'a')).problem, "");
  EXPECT_EQ(read("x=" + std::string(1 << 20, 'a')).problem,
            "value 'x' is 1.0M, limit 64K; declare a file output");
}

TEST_F(GivenValuesTest, lists_may_be_long_and_their_items_may_not) {
  has("names", OutputKind::list, folder_ / "names");
  std::string many;
  for (int i = 0; i < 100'000; ++i) many += "item-" + std::to_string(i) + "\n";
  write_text(folder_ / "names", many);
  EXPECT_EQ(read("").problem, "");
  write_text(folder_ / "names", "a\n" + std::string(70'000, 'b') + "\n");
  EXPECT_EQ(read("").problem, "item 2 of list 'names' is 68.4K, limit 64K; declare a file output");
}

TEST_F(GivenValuesTest, a_document_is_json_and_a_value_is_text) {
  has("points", OutputKind::json);
  EXPECT_EQ(read("points=[{\"id\": \"a\", \"x\": 1}]").problem, "");
  EXPECT_EQ(read("points=[1, 2").problem, "output 'points' is not a JSON document: [1, 2");
  EXPECT_EQ(read(std::string("points=\"\x1b[31m\"")).problem,
            "output 'points' has control characters or bytes that are not UTF-8");
}

TEST_F(GivenValuesTest, what_nobody_asked_for_is_a_remark) {
  has("spread", OutputKind::value);
  const GivenValues given = read("spread=1\nmean=2\n");
  EXPECT_EQ(given.problem, "");
  EXPECT_EQ(given.remark,
            "'mean' was written to $FUGLE_OUTPUT and is no value of this task; write outputs: {mean: {type: value}}");
}

}  // namespace
}  // namespace fugle::executor
