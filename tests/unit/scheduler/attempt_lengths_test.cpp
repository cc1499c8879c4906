#include "scheduler/attempt_lengths.hpp"

#include <gtest/gtest.h>

#include "support/graphs.hpp"

namespace fugle::scheduler {
namespace {

using std::chrono::seconds;

TEST(AttemptLengths, of_elements_that_came_while_the_run_went_on_are_what_their_file_says) {
  fugle::testing::GraphStory story;
  story.task("before").takes(seconds(3));
  story.task("estimated").takes(seconds(5)).task().timeout = seconds(60);
  story.task("limited").task().timeout = seconds(7);
  story.task("unknown");
  const graph::Graph graph = story.graph();

  const std::vector<float> told{2};
  const AttemptLengths lengths(graph, told);
  EXPECT_EQ(lengths.expected_s(graph.find("before")), 2);
  EXPECT_EQ(lengths.expected_s(graph.find("estimated")), 5);
  EXPECT_EQ(lengths.expected_s(graph.find("limited")), 7);
  EXPECT_EQ(lengths.expected_s(graph.find("unknown")), 0);
}

}  // namespace
}  // namespace fugle::scheduler
