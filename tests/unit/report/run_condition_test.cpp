#include "report/run_condition.hpp"

#include <gtest/gtest.h>

namespace fugle::report {
namespace {

using scheduler::State;

scheduler::Counts counts(std::initializer_list<std::pair<State, std::uint64_t>> parts) {
  scheduler::Counts counts{};
  for (const auto& [state, number] : parts) counts[static_cast<std::size_t>(state)] = number;
  return counts;
}

TEST(RunCondition, counts_add_up_to_the_total) {
  const CountsView view = view_of(counts({{State::waiting, 1},
                                          {State::retry_wait, 2},
                                          {State::running, 3},
                                          {State::ok, 4},
                                          {State::failed, 5},
                                          {State::held, 6}}),
                                  1, 2);
  EXPECT_EQ(view.waiting, 9u);
  EXPECT_EQ(view.held, 6u);
  EXPECT_EQ(view.retrying, 2u);
  EXPECT_EQ(view.total, 21u);
  EXPECT_EQ(view.num_bad(), 2u);
  EXPECT_EQ(view.num_final() + view.num_left(), view.total);
}

TEST(RunCondition, of_a_complete_run_follows_from_the_counts) {
  const auto condition = [](const scheduler::Counts& c, std::uint64_t ignored, int exit) {
    return condition_at_end(view_of(c, ignored, 1), exit);
  };
  EXPECT_EQ(condition(counts({{State::ok, 3}, {State::skipped, 1}, {State::failed, 1}}), 0, 0), RunCondition::ok);
  EXPECT_EQ(condition(counts({{State::ok, 3}, {State::failed, 2}}), 1, 0), RunCondition::ok);
  EXPECT_EQ(condition(counts({{State::ok, 3}, {State::failed, 3}}), 1, 1), RunCondition::failed);
  EXPECT_EQ(condition(counts({{State::ok, 3}, {State::failed, 1}, {State::cancelled, 1}}), 0, 1),
            RunCondition::cancelled);
}

TEST(RunCondition, of_an_unfinished_run_follows_from_the_exit_code) {
  const CountsView left = view_of(counts({{State::ok, 3}, {State::ready, 1}}), 0, 0);
  EXPECT_EQ(condition_at_end(left, 130), RunCondition::cancelled);
  EXPECT_EQ(condition_at_end(left, 4), RunCondition::incomplete);
  EXPECT_EQ(condition_at_end(left, 1), RunCondition::failed);
  const CountsView untouched = view_of(counts({{State::waiting, 2}, {State::ready, 1}}), 0, 0);
  EXPECT_EQ(condition_at_end(untouched, 1), RunCondition::cancelled) << "not run: what it waited for ended otherwise";
}

TEST(RunCondition, an_interrupted_run_has_nothing_running) {
  const CountsView view = interrupt(view_of(counts({{State::running, 3}, {State::ready, 1}}), 0, 0));
  EXPECT_EQ(view.running, 0u);
  EXPECT_EQ(view.ready, 4u);
  EXPECT_EQ(view.interrupted, 3u);
  EXPECT_EQ(view.total, 4u);
}

TEST(RunCondition, summary_line_prints_every_kind) {
  const CountsView view = view_of(counts({{State::ok, 37}, {State::failed, 3}, {State::blocked, 2}}), 1, 1);
  EXPECT_EQ(summary_line(view), "ok 37  cached 0  skipped 0  blocked 2  failed 1  tolerated 1  ignored 1  cancelled 0");
  const CountsView left = view_of(counts({{State::ok, 1}, {State::ready, 2}}), 0, 0);
  EXPECT_EQ(summary_line(left),
            "ok 1  cached 0  skipped 0  blocked 0  failed 0  tolerated 0  ignored 0  cancelled 0  left 2");
}

TEST(RunCondition, says_what_to_type_next_unless_all_is_well) {
  EXPECT_EQ(next_steps(RunCondition::ok, "demo-1", "", "next: "), "");
  EXPECT_EQ(next_steps(RunCondition::failed, "demo-1", "x[3]", "next: "),
            "next: fugle why demo-1 'x[3]'\nnext: fugle resume demo-1\n");
  EXPECT_EQ(next_steps(RunCondition::interrupted, "demo-1", "", ""), "fugle resume demo-1\n");
}

}  // namespace
}  // namespace fugle::report
