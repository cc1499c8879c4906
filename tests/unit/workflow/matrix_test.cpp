// `matrix` with include and exclude.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "expanded.hpp"

namespace fugle::workflow {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Expanded of_matrix(const std::string& matrix, const std::string& run = "[t]") {
  return expand_text("tasks:\n  a:\n    matrix: {" + matrix + "}\n    run: " + run + "\n");
}

TEST(Matrix, exclude_takes_out_all_points_with_these_values) {
  const Expanded e = of_matrix("x: [1, 2], y: [a, b], exclude: [{x: 1, y: b}, {y: c}]");
  EXPECT_EQ(e.messages, "");
  EXPECT_EQ(e.ids(), "a[1,a] a[2,a] a[2,b]");
  EXPECT_EQ(of_matrix("x: [1, 2], y: [a, b], exclude: [{x: '2'}]").ids(), "a[1,a] a[1,b]");
}

/// The example of GitHub's documentation.
TEST(Matrix, include_adds_fields_to_points_that_agree_and_points_where_none_does) {
  const Expanded e = of_matrix(
      "fruit: [apple, pear], animal: [cat, dog], include: [{color: green}, {color: pink, animal: cat}, "
      "{fruit: apple, shape: circle}, {fruit: banana}, {fruit: banana, animal: cat}]",
      R"([t, "${{ default(matrix.color, 'none') }}", "${{ default(matrix.shape, 'none') }}"])");
  EXPECT_EQ(e.messages, "");
  EXPECT_EQ(e.ids(), "a[apple,cat] a[apple,dog] a[pear,cat] a[pear,dog] a[banana,] a[banana,cat]");
  EXPECT_THAT(e.command("a[apple,cat]"), ElementsAre("t", "pink", "circle"));
  EXPECT_THAT(e.command("a[apple,dog]"), ElementsAre("t", "green", "circle"));
  EXPECT_THAT(e.command("a[pear,cat]"), ElementsAre("t", "pink", "none"));
  EXPECT_THAT(e.command("a[pear,dog]"), ElementsAre("t", "green", "none"));
  EXPECT_THAT(e.command("a[banana,]"), ElementsAre("t", "none", "none"));
  EXPECT_THAT(e.task("a[apple,cat]").matrix_names, ElementsAre("fruit", "animal", "color", "shape"));
  EXPECT_THAT(e.text("a[pear,cat]").matrix, ElementsAre("pear", "cat", "pink", ""));
}

TEST(Matrix, what_was_excluded_can_be_included_again) {
  EXPECT_EQ(of_matrix("x: [1, 2], exclude: [{x: 1}], include: [{x: 1, y: 3}]").ids(), "a[2] a[1]");
}

TEST(Matrix, of_include_alone_has_its_points) {
  const Expanded e = of_matrix("include: [{site: a, n: 1}, {site: b}]", R"([t, "${{ default(matrix.n, 0) + 1 }}"])");
  EXPECT_EQ(e.messages, "");
  EXPECT_EQ(e.ids(), "a[a,1] a[b,]");
  EXPECT_THAT(e.command("a[a,1]"), ElementsAre("t", "2"));
  EXPECT_THAT(e.command("a[b,]"), ElementsAre("t", "1"));
}

TEST(Matrix, values_of_include_and_exclude_may_come_from_params) {
  const Expanded e = expand_text(R"(params: {big: 8, bad: 2}
tasks:
  a:
    matrix: {x: [1, 2], exclude: [{x: "${{ params.bad }}"}], include: [{x: "${{ params.big * 2 }}"}]}
    run: [t]
)");
  EXPECT_EQ(e.messages, "");
  EXPECT_EQ(e.ids(), "a[1] a[16]");
}

TEST(Matrix, defaults_are_merged_key_by_key) {
  const Expanded e = expand_text(R"(defaults: {matrix: {x: [1, 2], include: [{x: 3, note: far}]}}
tasks:
  a: {run: [t, "${{ matrix.x }}"]}
  b: {matrix: {include: [{x: 4}]}, run: [t]}
  c: {matrix: {include: ~, y: [p]}, run: [t]}
  d: {matrix: ~, run: [t]}
)");
  EXPECT_EQ(e.messages, "");
  EXPECT_EQ(e.ids(), "a[1] a[2] a[3] b[1] b[2] b[4] c[1,p] c[2,p] d");
}

TEST(Matrix, each_joins_tasks_with_the_same_points_in_any_order) {
  const Expanded e = expand_text(R"(tasks:
  a: {matrix: {x: [1, 2, 3], exclude: [{x: 2}]}, run: [t]}
  b: {matrix: {x: [3, 1]}, needs: {a: each}, run: [t]}
)");
  EXPECT_EQ(e.messages, "");
  EXPECT_EQ(e.needs("b[3]"), "a[3]");
  EXPECT_EQ(e.needs("b[1]"), "a[1]");
}

struct Wrong {
  std::string matrix;
  std::string message;
};

TEST(Matrix, mistakes_are_told_at_their_place) {
  const std::vector<Wrong> all{
      {"x: [1], exclude: [{x: 1}]", "5:14: error E205: matrix of 'a' has no elements (all points are excluded)"},
      {"x: [1, 2], exclude: [{z: 1}]", "5:36: error E103: unknown key 'z' in exclude of task 'a'; the matrix has x"},
      {"x: [1], include: [{x: 2}, {x: 2, y: 1}]", "5:40: error E207: element 'a[2]' appears twice"},
      {"x: [2, 2], include: [{x: 2, y: 1}]", "5:21: error E207: element 'a[2]' appears twice"},
      {"x: [1], include: [{x: [2]}]", "5:36: error E104: 'x' expects a single value, got a list"},
      {"x: [1], include: {x: 2}", "5:31: error E104: 'include' expects a list, got a map"},
      {"x: [1], include: [3]", "5:32: error E104: 'include' expects maps like {x: 1} in its list, got '3'"},
      {"x: [1], include: [{'a b': 1}]", "5:33: error E107: name 'a b' may use letters"},
      {"x: [1], include: [{a-b: 1, a_b: 2}]", "5:41: error E102: duplicate key 'a_b' (first at line 5, as 'a-b'"},
      {"a-b: [1], include: [{a_b: 2}]", "5:35: error E102: duplicate key 'a_b' (first at line 5, as 'a-b'"},
      {"x: [1], include: [{y: \"${{ index }}\"}]", "5:33: error E404: index is known only when the element is made"},
  };
  for (const Wrong& wrong : all)
    EXPECT_THAT(first_message(of_matrix(wrong.matrix)), HasSubstr(wrong.message)) << wrong.matrix;
}

TEST(Matrix, many_maps_do_not_look_at_all_points_each) {
  std::string include, exclude;
  for (int i = 0; i < 20000; ++i) {
    include += (i == 0 ? "" : ", ") + fmt::format("{{x: {}, note: n{}}}", i, i);
    if (i % 2 == 1) exclude += (i == 1 ? "" : ", ") + fmt::format("{{x: {}}}", i);
  }
  const Expanded e = of_matrix("x: \"0..19999\", exclude: [" + exclude + "], include: [" + include + "]");
  EXPECT_EQ(e.messages, "");
  EXPECT_EQ(e.graph->num_elements(), 20000u);
  EXPECT_THAT(e.text("a[7]").matrix, ElementsAre("7", "n7"));
}

}  // namespace
}  // namespace fugle::workflow
