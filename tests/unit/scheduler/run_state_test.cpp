#include "scheduler/run_state.hpp"

#include <gtest/gtest.h>

#include "support/graphs.hpp"

namespace fugle::scheduler {
namespace {

using testing::GraphStory;
using namespace std::chrono_literals;

struct Story {
  explicit Story(const GraphStory& story) : graph(story.graph()), run(graph, 1) {}

  ElementId find(const std::string& id) const { return graph.find(id); }
  State state(const std::string& id) const { return run.state(find(id)); }
  void start(const std::string& id) { happen(EventKind::attempt_started, id, FailureClass::none); }
  void end(const std::string& id, FailureClass cls = FailureClass::none, int exit = 0) {
    happen(EventKind::attempt_ended, id, cls, exit);
  }
  void happen(EventKind kind, const std::string& id = "", FailureClass cls = FailureClass::none, int exit = 0) {
    Event event;
    event.kind = kind;
    event.cls = cls;
    event.exit = exit;
    if (!id.empty()) {
      event.element = find(id);
      event.attempt =
          static_cast<std::uint16_t>(run.attempt(event.element) + (is_live(run.state(event.element)) ? 0 : 1));
    }
    apply(run, event, effects);
    run.check_invariants();
  }

  Graph graph;
  RunState run;
  Effects effects;
};

GraphStory diamond() {
  GraphStory story;
  auto a = story.task("a"), b = story.task("b").after(a), c = story.task("c").after(a);
  story.task("d").after(b).after(c);
  return story;
}

TEST(RunState, makes_a_dependent_ready_when_all_it_needs_are_ok) {
  Story s(diamond());
  EXPECT_EQ(s.state("a"), State::ready);
  s.start("a");
  EXPECT_EQ(s.state("a"), State::running);
  s.end("a");
  EXPECT_EQ(s.state("b"), State::ready);
  s.end("b");  // short: one event for both ends
  EXPECT_EQ(s.state("d"), State::waiting);
  s.end("c");
  EXPECT_EQ(s.state("d"), State::ready);
  s.end("d");
  EXPECT_TRUE(s.run.is_complete());
  EXPECT_EQ(s.run.count(State::ok), 4u);
}

TEST(RunState, blocks_what_needs_a_failed_element_once_all_have_answered) {
  Story s(diamond());
  s.end("a");
  s.end("b", FailureClass::error, 3);
  EXPECT_EQ(s.state("b"), State::failed);
  EXPECT_EQ(s.state("d"), State::waiting);
  s.end("c");
  EXPECT_EQ(s.state("d"), State::blocked);
  EXPECT_TRUE(s.run.is_complete());
}

TEST(RunState, counts_an_ignored_failure_as_ok) {
  GraphStory story;
  auto a = story.task("a").ignore_failure();
  story.task("b").after(a);
  Story s(story);
  s.end("a", FailureClass::error, 1);
  EXPECT_EQ(s.state("a"), State::failed);
  EXPECT_EQ(s.run.num_ignored(), 1u);
  EXPECT_EQ(s.state("b"), State::ready);
}

TEST(RunState, opens_a_gate_when_all_of_a_task_are_ok) {
  GraphStory story;
  auto a = story.task("a").times(10);
  story.task("b").times(10).after(a);
  Story s(story);
  ASSERT_EQ(s.graph.num_elements(), 21u);
  for (int i = 0; i < 10; ++i) s.end("a[" + std::to_string(i) + "]");
  EXPECT_EQ(s.run.count(State::ready), 10u);
  EXPECT_EQ(s.run.count(State::ok), 10u) << "gates are not counted";
}

TEST(RunState, opens_an_end_gate_when_all_before_it_have_ended_however) {
  GraphStory story;
  auto a = story.task("a").times(3), b = story.task("b");
  auto c = story.task("c").after(b);
  story.task("report").after_end_of(a).after_end_of(c);
  Story s(story);
  s.end("a[0]");
  s.end("a[1]", FailureClass::error, 1);
  s.end("b", FailureClass::signal, 9);
  EXPECT_EQ(s.state("c"), State::blocked);
  EXPECT_EQ(s.state("report"), State::waiting);
  s.happen(EventKind::cancel_element, "a[2]");
  EXPECT_EQ(s.state("report"), State::ready);
  s.end("report");
  EXPECT_EQ(s.state("report"), State::ok);
  EXPECT_TRUE(s.run.is_complete());
}

TEST(RunState, blocks_behind_an_end_gate_what_needs_something_else_that_failed) {
  GraphStory story;
  auto a = story.task("a"), b = story.task("b");
  story.task("c").after(a).after_end_of(b);
  Story s(story);
  s.end("a", FailureClass::error, 1);
  s.end("b", FailureClass::error, 1);
  EXPECT_EQ(s.state("c"), State::blocked);
}

TEST(RunState, closes_an_end_gate_again_when_what_it_waited_for_is_tried_again) {
  GraphStory story;
  auto a = story.task("a"), b = story.task("b").after_end_of(a), c = story.task("c").after_end_of(a);
  story.task("d").after_end_of(b).after_end_of(c);
  Story s(story);
  s.end("a", FailureClass::error, 1);
  s.end("b");
  EXPECT_EQ(s.state("c"), State::ready);
  s.happen(EventKind::retry_all);
  EXPECT_EQ(s.state("a"), State::ready);
  EXPECT_EQ(s.state("b"), State::ok) << "what has run does not run again";
  EXPECT_EQ(s.state("c"), State::waiting) << "it was not begun, so it waits for the new end";
  s.end("a");
  EXPECT_EQ(s.state("c"), State::ready);
  s.end("c", FailureClass::error, 1);
  EXPECT_EQ(s.state("d"), State::ready);
}

TEST(RunState, passes_cancellation_down_as_cancelled) {
  Story s(diamond());
  s.end("a");
  s.start("b");
  s.end("b", FailureClass::cancelled, -15);
  s.happen(EventKind::cancel_element, "c");
  EXPECT_EQ(s.state("b"), State::cancelled);
  EXPECT_EQ(s.state("d"), State::cancelled);
}

TEST(RunState, waits_with_back_off_between_retries_and_then_fails) {
  GraphStory story;
  story.task("a").retries(2, 1s);
  Story s(story);
  s.end("a", FailureClass::error, 1);
  const ElementId a = s.find("a");
  ASSERT_EQ(s.state("a"), State::retry_wait);
  EXPECT_EQ(s.run.retry_at(a), Time{} + 1s);
  make_due(s.run, a, s.effects);
  EXPECT_EQ(s.state("a"), State::ready);
  s.end("a", FailureClass::error, 1);
  EXPECT_EQ(s.run.retry_at(a), Time{} + 2s);
  s.end("a", FailureClass::error, 1);  // as a replay sees it: nothing says that the retry became due
  EXPECT_EQ(s.state("a"), State::failed);
  EXPECT_EQ(s.run.attempt(a), 3);
}

TEST(RunState, keeps_retry_delays_within_the_jitter) {
  GraphStory story;
  auto a = story.task("a").retries(1, 10s);
  a.task().retries.jitter = 0.1;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const Graph graph = story.graph();
    RunState run(graph, seed);
    const double seconds = to_seconds(run.retry_delay(ElementId(0)));
    EXPECT_GE(seconds, 9.0);
    EXPECT_LE(seconds, 11.0);
  }
}

TEST(RunState, does_not_charge_infrastructure_failures_to_the_task) {
  GraphStory story;
  story.task("a");
  Story s(story);
  for (std::uint32_t i = 0; i < s.graph.limits().max_infra_retries; ++i) {
    s.start("a");
    s.end("a", FailureClass::lost);
    EXPECT_EQ(s.state("a"), State::ready);
  }
  s.end("a", FailureClass::lost);
  EXPECT_EQ(s.state("a"), State::failed);
}

TEST(RunState, makes_what_ran_ready_again_in_the_next_life) {
  Story s(diamond());
  s.happen(EventKind::run_started);
  s.start("a");
  s.happen(EventKind::run_started);
  EXPECT_EQ(s.state("a"), State::ready);
  s.start("a");
  EXPECT_EQ(s.run.attempt(s.find("a")), 2);
}

TEST(RunState, tries_everything_again_when_a_person_resumes) {
  Story s(diamond());
  s.end("a");
  s.end("b", FailureClass::error, 1);
  s.end("c");
  ASSERT_EQ(s.state("d"), State::blocked);
  s.happen(EventKind::run_started);
  s.happen(EventKind::retry_all);
  EXPECT_EQ(s.state("b"), State::ready);
  EXPECT_EQ(s.state("d"), State::waiting);
  EXPECT_EQ(s.state("a"), State::ok);
  s.end("b");
  s.end("d");
  EXPECT_TRUE(s.run.is_complete());
}

TEST(RunState, blocks_through_gates) {
  GraphStory story;
  auto a = story.task("a").times(5);
  story.task("b").times(5).after(a);
  Story s(story);
  for (int i = 0; i < 5; ++i)
    s.end("a[" + std::to_string(i) + "]", i == 2 ? FailureClass::error : FailureClass::none, 1);
  EXPECT_EQ(s.run.count(State::blocked), 5u);
  s.happen(EventKind::retry_all);
  s.end("a[2]");
  EXPECT_EQ(s.run.count(State::ready), 5u);
}

graph::Tolerance number(std::uint32_t count) { return {count, 0}; }

TEST(RunState, tells_of_a_tolerated_failure_when_its_task_has_ended) {
  GraphStory story;
  auto a = story.task("a").times(4);
  a.task().tolerate = number(1);
  story.task("b").after(a);
  Story s(story);
  s.end("a[0]", FailureClass::error, 1);
  EXPECT_EQ(s.state("a[0]"), State::failed);
  EXPECT_EQ(s.run.num_tolerated(), 0u) << "more may fail";
  EXPECT_FALSE(s.run.has_answered(s.find("a[0]")));
  for (int i = 1; i < 4; ++i) s.end("a[" + std::to_string(i) + "]");
  EXPECT_EQ(s.run.num_tolerated(), 1u);
  EXPECT_TRUE(s.run.counts_as_ok(s.find("a[0]")));
  EXPECT_EQ(s.state("b"), State::ready);
}

TEST(RunState, blocks_at_once_when_more_failed_than_is_tolerated) {
  GraphStory story;
  auto a = story.task("a").times(4);
  a.task().tolerate.fraction = 0.25;
  story.task("b").after(a);
  Story s(story);
  s.end("a[0]", FailureClass::error, 1);
  s.effects.clear();
  s.end("a[1]", FailureClass::error, 1);
  EXPECT_EQ(s.effects.beyond_tolerance.size(), 1u);
  s.happen(EventKind::cancel_element, "a[2]");
  s.end("a[3]");
  EXPECT_EQ(s.run.num_tolerated(), 0u);
  EXPECT_EQ(s.state("b"), State::cancelled) << "the strongest of BLOCKED and CANCELLED";
  s.happen(EventKind::run_started);
  s.happen(EventKind::retry_all);
  for (const char* id : {"a[0]", "a[1]", "a[2]"}) s.end(id);
  EXPECT_EQ(s.state("b"), State::ready);
}

TEST(RunState, tolerates_nothing_where_the_part_is_less_than_one_element) {
  GraphStory story;
  auto a = story.task("a").times(5);
  a.task().tolerate.fraction = 0.1;
  Story s(story);
  s.end("a[0]", FailureClass::error, 1);
  EXPECT_EQ(s.effects.beyond_tolerance.size(), 1u);
  EXPECT_TRUE(s.run.has_answered(s.find("a[0]")));
}

TEST(RunState, keeps_what_was_tolerated_when_a_person_resumes) {
  GraphStory story;
  auto a = story.task("a").times(2);
  a.task().tolerate = number(1);
  story.task("b").after(a);
  Story s(story);
  s.end("a[0]", FailureClass::error, 1);
  s.end("a[1]");
  s.end("b", FailureClass::error, 1);
  s.happen(EventKind::run_started);
  s.happen(EventKind::retry_all);
  EXPECT_EQ(s.state("a[0]"), State::failed);
  EXPECT_EQ(s.state("b"), State::ready);
}

TEST(RunState, takes_a_failure_that_is_not_decided_yet_up_again_when_a_person_resumes) {
  GraphStory story;
  auto a = story.task("a").times(2);
  a.task().tolerate = number(1);
  Story s(story);
  s.end("a[0]", FailureClass::error, 1);
  s.happen(EventKind::run_started);
  s.happen(EventKind::retry_all);
  EXPECT_EQ(s.state("a[0]"), State::ready);
  s.end("a[0]");
  s.end("a[1]", FailureClass::error, 1);
  EXPECT_EQ(s.run.num_tolerated(), 1u);
}

TEST(RunState, holds_an_element_until_it_is_released) {
  Story s(diamond());
  s.happen(EventKind::hold_element, "b");
  s.end("a");
  EXPECT_EQ(s.state("b"), State::held);
  EXPECT_EQ(s.state("c"), State::ready);
  s.happen(EventKind::release_element, "b");
  EXPECT_EQ(s.state("b"), State::ready) << "what it needs ended meanwhile";
}

TEST(RunState, keeps_a_hold_over_lives_and_blocks_on_release_what_can_not_run) {
  Story s(diamond());
  s.happen(EventKind::hold_element, "d");
  s.end("a");
  s.happen(EventKind::run_started);
  s.happen(EventKind::run_started);
  s.end("b", FailureClass::error, 1);
  s.end("c");
  EXPECT_EQ(s.state("d"), State::held);
  s.happen(EventKind::release_element, "d");
  EXPECT_EQ(s.state("d"), State::blocked);
}

GraphStory with_finally() {
  GraphStory story;
  story.task("work");
  auto sum = story.task("sum");
  auto mail = story.task("mail").after(sum);
  sum.task().runs_finally = true;
  mail.task().runs_finally = true;
  return story;
}

TEST(RunState, starts_finally_when_it_is_told_to_however_all_else_ended) {
  Story s(with_finally());
  s.happen(EventKind::run_started);
  EXPECT_EQ(s.state("sum"), State::waiting);
  s.end("work", FailureClass::error, 1);
  EXPECT_TRUE(s.run.is_main_complete());
  EXPECT_FALSE(s.run.is_complete());
  EXPECT_EQ(s.state("sum"), State::waiting);
  s.happen(EventKind::finally_began);
  EXPECT_EQ(s.state("sum"), State::ready);
  s.end("sum");
  s.end("mail");
  EXPECT_TRUE(s.run.is_complete());
}

TEST(RunState, has_finally_run_again_in_the_next_life) {
  Story s(with_finally());
  s.happen(EventKind::run_started);
  s.happen(EventKind::finally_began);
  s.end("sum");
  s.end("mail", FailureClass::error, 1);
  s.happen(EventKind::run_started);
  EXPECT_EQ(s.state("sum"), State::waiting);
  EXPECT_EQ(s.state("mail"), State::waiting);
  s.end("work");
  s.happen(EventKind::finally_began);
  EXPECT_EQ(s.state("sum"), State::ready);
  EXPECT_EQ(s.state("mail"), State::waiting);
}

TEST(RunState, remembers_over_lives_what_was_answered_before_finally) {
  GraphStory story;
  auto bad = story.task("bad"), good = story.task("good");
  story.task("both").after(bad).after(good);
  story.task("sum").task().runs_finally = true;
  Story s(story);
  s.happen(EventKind::run_started);
  s.end("bad", FailureClass::error, 1);
  s.happen(EventKind::finally_began);
  s.end("sum");
  s.happen(EventKind::run_started);
  s.end("good");
  EXPECT_EQ(s.state("both"), State::blocked);
}

TEST(RunState, does_not_start_in_finally_what_needs_something_that_was_cancelled_before) {
  Story s(with_finally());
  s.happen(EventKind::run_started);
  s.happen(EventKind::cancel_element, "sum");
  s.end("work");
  s.happen(EventKind::finally_began);
  EXPECT_EQ(s.state("mail"), State::cancelled);
  EXPECT_TRUE(s.run.is_complete());
}

TEST(RunState, tells_of_an_ignored_failure_at_once_also_where_some_are_tolerated) {
  GraphStory story;
  auto work = story.task("work").times(3).ignore_failure();
  work.task().tolerate.count = 1;
  auto other = story.task("other");
  story.task("after").after(work).after(other);
  Story s(story);
  s.end("work[0]", FailureClass::error, 1);
  s.end("work[1]");
  s.end("work[2]");
  s.end("other");
  EXPECT_EQ(s.state("after"), State::ready);
}

TEST(RunState, takes_the_budget_of_infrastructure_failures_from_the_limits) {
  GraphStory story;
  story.task("a");
  graph::GraphData data = story.graph().data();
  data.limits.max_infra_retries = 0;
  const Graph graph(std::move(data));
  RunState run(graph, 1);
  Effects effects;
  Event ended;
  ended.kind = EventKind::attempt_ended;
  ended.element = ElementId(0);
  ended.attempt = 1;
  ended.cls = FailureClass::lost;
  apply(run, ended, effects);
  EXPECT_EQ(run.state(ElementId(0)), State::failed);
}

}  // namespace
}  // namespace fugle::scheduler
