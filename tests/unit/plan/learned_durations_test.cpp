#include "plan/learned_durations.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/graphs.hpp"

namespace fugle::plan {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;

TEST(DurationHistory, gives_back_what_was_added_by_task_and_by_element) {
  DurationHistory history;
  EXPECT_TRUE(history.is_empty());
  history.add("a", "a[1]", 2);
  history.add("a", "a[2]", 4);
  history.add("a", "a[1]", 3);
  EXPECT_FALSE(history.is_empty());
  EXPECT_THAT(history.of_task("a"), ElementsAre(2, 4, 3));
  EXPECT_THAT(history.of_element("a[1]"), ElementsAre(2, 3));
  EXPECT_TRUE(history.of_task("b").empty());
}

TEST(DurationHistory, quantiles_are_values_that_were_seen) {
  EXPECT_EQ(median({}), 0);
  EXPECT_EQ(median({5}), 5);
  EXPECT_EQ(median({9, 1, 4}), 4);
  EXPECT_EQ(median({9, 1, 4, 2}), 3);
  std::vector<float> hundred;
  for (int i = 100; i > 0; --i) hundred.push_back(static_cast<float>(i));
  EXPECT_EQ(quantile(hundred, 0.95), 95);
  EXPECT_EQ(quantile({3, 1, 2}, 0.95), 3);
  EXPECT_EQ(quantile({3, 1, 2}, 0), 1);
  EXPECT_EQ(quantile({}, 0.95), 0);
}

TEST(KnownDurations, an_estimate_comes_before_what_was_learned) {
  fugle::testing::GraphStory story;
  story.task("a").takes(seconds(7));
  const graph::Graph graph = story.graph();
  DurationHistory history;
  history.add("a", "a", 3);
  const KnownDurations known = known_durations(graph, history, {});
  EXPECT_THAT(known.seconds, ElementsAre(7));
  EXPECT_THAT(known.at_most_s, ElementsAre(7));
  EXPECT_EQ(known.num_estimated, 1U);
}

TEST(KnownDurations, the_element_itself_comes_before_its_task_and_earlier_runs_before_this_one) {
  fugle::testing::GraphStory story;
  story.task("a").times(3);
  story.task("b");
  const graph::Graph graph = story.graph();
  DurationHistory earlier, now;
  for (const double s : {10.0, 12.0, 11.0}) earlier.add("a", "a[0]", s);
  for (const double s : {1.0, 2.0, 3.0, 4.0}) earlier.add("a", "a[1]", s);
  now.add("a", "a[2]", 100);
  now.add("b", "b", 5);
  now.add("b", "b", 9);
  const KnownDurations known = known_durations(graph, earlier, now);
  EXPECT_THAT(known.seconds, ElementsAre(11, 2.5, 4, 7)) << "a[2]: the median of its task";
  EXPECT_THAT(known.at_most_s, ElementsAre(12, 4, 12, 9));
  EXPECT_EQ(known.num_learned, 3U);
  EXPECT_EQ(known.num_from_this_run, 1U);
}

TEST(KnownDurations, what_nobody_knows_is_like_the_others_and_judged_by_its_timeout) {
  fugle::testing::GraphStory story;
  auto a = story.task("a").takes(seconds(2));
  auto b = story.task("b").after(a);
  b.task().timeout = seconds(50);
  story.task("c").after(b);
  const KnownDurations known = known_durations(story.graph(), {}, {});
  EXPECT_THAT(known.seconds, ElementsAre(2, 2, 2));
  EXPECT_THAT(known.known_s, ElementsAre(2, 0, 0));
  EXPECT_THAT(known.at_most_s, ElementsAre(2, 50, 0));
  EXPECT_EQ(known.num_unknown, 2U);
}

TEST(KnownDurations, gates_take_no_time_and_are_not_counted) {
  fugle::testing::GraphStory story;
  auto a = story.task("a").times(40);
  story.task("b").times(40).after(a);
  const graph::Graph graph = story.graph();
  ASSERT_GT(graph.num_elements(), graph.num_real_elements());
  const KnownDurations known = known_durations(graph, {}, {});
  EXPECT_EQ(known.num_unknown, 80U);
  for (std::uint32_t e = 0; e < graph.num_elements(); ++e)
    EXPECT_EQ(known.seconds[e], graph.is_gate(ElementId(e)) ? 0 : 1);
}

}  // namespace
}  // namespace fugle::plan
