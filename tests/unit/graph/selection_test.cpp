#include "graph/selection.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace fugle::graph {
namespace {

TEST(MatchesPattern, StarIsAnyTextAndBracketsAreThemselves) {
  EXPECT_TRUE(matches_pattern("mdrun[8,*]", "mdrun[8,1]"));
  EXPECT_TRUE(matches_pattern("mdrun[8,*]", "mdrun[8,a,b]"));
  EXPECT_FALSE(matches_pattern("mdrun[8,*]", "mdrun[18,1]"));
  EXPECT_FALSE(matches_pattern("mdrun[8,*]", "mdrun[8"));
  EXPECT_TRUE(matches_pattern("*[?]", "a[1]"));
  EXPECT_FALSE(matches_pattern("*[?]", "a[10]"));
  EXPECT_TRUE(matches_pattern("a*b*c", "a-b-b-c"));
  EXPECT_FALSE(matches_pattern("a*b*c", "a-c-b"));
  EXPECT_TRUE(matches_pattern("**", ""));
  EXPECT_FALSE(matches_pattern("", "a"));
}

TEST(MatchesPattern, ManyStarsTakeNoLongTime) {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "*a";
  EXPECT_FALSE(matches_pattern(pattern + "b", std::string(5000, 'a')));
}

TEST(SplitPatterns, CommasInsideOfBracketsStay) {
  EXPECT_EQ(split_patterns("mdrun[8,*],tag:slow b"), (std::vector<std::string>{"mdrun[8,*]", "tag:slow", "b"}));
  EXPECT_EQ(split_patterns(" , "), std::vector<std::string>{});
}

/// prepare -> run[1], run[2], run[3] -> (gate) -> merge -> plot; alone; clean of `finally`.
class SelectElements : public ::testing::Test {
 protected:
  SelectElements() {
    GraphBuilder builder;
    const ElementId prepare = add(builder, "prepare");
    Task run;
    run.name = "run";
    run.tags = {"slow", "big"};
    run.matrix_names = {"i"};
    const TaskId runs = builder.add_task(run);
    std::vector<ElementId> all;
    for (const std::string i : {"1", "2", "3"}) {
      ElementText text;
      text.matrix = {i};
      text.command = {"true"};
      all.push_back(builder.add_element(runs, "run[" + i + "]", text));
    }
    const ElementId merge = add(builder, "merge");
    const ElementId plot = add(builder, "plot");
    add(builder, "alone");
    add(builder, "clean", true);
    for (const ElementId e : all) builder.add_edge(prepare, e);
    builder.add_edges_all(all, std::vector{merge});
    builder.add_edge(merge, plot);
    graph_ = Graph(std::move(builder).build());
  }

  static ElementId add(GraphBuilder& builder, const std::string& name, bool runs_finally = false) {
    Task task;
    task.name = name;
    task.runs_finally = runs_finally;
    ElementText text;
    text.command = {"true"};
    return builder.add_element(builder.add_task(task), name, text);
  }

  /// Ids of what is not left out, one after another.
  std::string kept(const std::vector<std::string>& patterns) {
    const Selection selection = select_elements(graph_, patterns);
    std::string ids;
    for (std::uint32_t e = 0; e < graph_.num_elements(); ++e)
      if (!graph_.is_gate(ElementId(e)) && (selection.left_out.empty() || !selection.left_out[e]))
        ids += (ids.empty() ? "" : " ") + std::string(graph_.id(ElementId(e)));
    return ids;
  }

  Graph graph_;
};

TEST_F(SelectElements, WhatIsMeantComesWithAllThatItNeeds) {
  EXPECT_EQ(kept({"run[2]"}), "prepare run[2] clean");
  EXPECT_EQ(kept({"merge"}), "prepare run[1] run[2] run[3] merge clean");
  EXPECT_EQ(kept({"alone", "run[1]"}), "prepare run[1] alone clean");
}

TEST_F(SelectElements, TasksAndTagsMeanAllTheirElements) {
  EXPECT_EQ(kept({"run"}), "prepare run[1] run[2] run[3] clean");
  EXPECT_EQ(kept({"tag:slow"}), kept({"run"}));
  EXPECT_EQ(kept({"tag:b*"}), kept({"run"}));
}

TEST_F(SelectElements, PlusBringsWhatNeedsIt) {
  EXPECT_EQ(kept({"run[2]+"}), "prepare run[1] run[2] run[3] merge plot clean");
  EXPECT_EQ(kept({"merge+"}), "prepare run[1] run[2] run[3] merge plot clean");
}

TEST_F(SelectElements, AllIsNoSelection) {
  EXPECT_TRUE(select_elements(graph_, std::vector<std::string>{"*"}).left_out.empty());
  EXPECT_TRUE(select_elements(graph_, {}).left_out.empty());
}

TEST_F(SelectElements, CountsWhatIsMeantAndWhatComesAlong) {
  const Selection selection = select_elements(graph_, std::vector<std::string>{"merge", "run[1]"});
  EXPECT_EQ(selection.num_meant, 2u);
  EXPECT_EQ(selection.num_needed, 3u);
}

TEST_F(SelectElements, APatternThatMatchesNothingIsRefused) {
  const auto problem = [&](const std::string& pattern) -> std::string {
    try {
      (void)select_elements(graph_, std::vector<std::string>{pattern});
    } catch (const UsageError& error) {
      return error.what();
    }
    return "none";
  };
  EXPECT_EQ(problem("rum[2]"), "--select 'rum[2]' matches no element; did you mean 'run'?");
  EXPECT_EQ(problem("tag:slw"), "--select 'tag:slw' matches no task; did you mean 'tag:slow'?");
  EXPECT_NE(problem("run[9]").find("'fugle plan FILE' lists the elements"), std::string::npos);
}

}  // namespace
}  // namespace fugle::graph
