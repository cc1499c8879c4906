#include "report/remaining_time.hpp"

#include <gtest/gtest.h>

#include "unit/report/told_run.hpp"

namespace fugle::report {
namespace {

using std::chrono::seconds;

/// Runs the first `n` elements one after another, each for `took`, and tells `remaining`.
void run_in_a_row(ToldRun& told, RemainingTime& remaining, std::uint32_t n, double took) {
  for (std::uint32_t i = 0; i < n; ++i) {
    const std::string id(told.graph.id(ElementId(i)));
    auto event = told.starts(id, i * took, 0);
    event.kind = scheduler::EventKind::attempt_ended;
    event.end = ToldRun::at((i + 1) * took);
    const auto effects = told.happen(event);
    remaining.update(told.run, effects.changed);
    remaining.observe(event.element, event.end - event.start);
  }
}

TEST(RemainingTime, is_unknown_before_anything_is_known) {
  testing::GraphStory story;
  story.task("a").times(10);
  ToldRun told(story);
  const RemainingTime remaining(told.run);
  EXPECT_EQ(remaining.eta(seconds(5), {}, ToldRun::at(5)), std::nullopt);
}

TEST(RemainingTime, takes_what_similar_elements_took) {
  testing::GraphStory story;
  story.task("a").times(10);
  ToldRun told(story);
  told.life(0);
  RemainingTime remaining(told.run);
  run_in_a_row(told, remaining, 4, 2.0);
  EXPECT_EQ(remaining.num_settled(), 4);
  EXPECT_NEAR(to_seconds(*remaining.eta(seconds(8), {}, ToldRun::at(8))), 12.0, 1e-6);
}

TEST(RemainingTime, does_not_judge_many_elements_by_one_of_another_task) {
  testing::GraphStory story;
  story.task("quick");
  story.task("slow").times(10);
  ToldRun told(story);
  told.life(0);
  RemainingTime remaining(told.run);
  run_in_a_row(told, remaining, 1, 0.001);
  EXPECT_EQ(remaining.eta(seconds(1), {}, ToldRun::at(1)), std::nullopt);
}

TEST(RemainingTime, takes_no_account_of_how_long_services_run) {
  testing::GraphStory story;
  auto db = story.task("db");
  db.task().service.is_given = true;
  story.task("a").times(10).after(db);
  ToldRun told(story);
  told.life(0);
  RemainingTime remaining(told.run);
  told.gets_ready(told.starts("db", 0, 0), 100);
  for (std::uint32_t i = 0; i < 4; ++i) {
    const std::string id = "a[" + std::to_string(i) + "]";
    auto event = told.starts(id, 100 + i, 0);
    event.kind = scheduler::EventKind::attempt_ended;
    event.end = ToldRun::at(101 + i);
    remaining.update(told.run, told.happen(event).changed);
    remaining.observe(event.element, event.end - event.start);
  }
  const std::vector<scheduler::RunningAttempt> running{{told.graph.find("db"), 1, WorkerId(0), ToldRun::at(0)}};
  EXPECT_NEAR(to_seconds(*remaining.eta(seconds(4), running, ToldRun::at(104))), 6.0, 1e-6);
}

TEST(RemainingTime, corrects_estimates_by_how_wrong_they_were) {
  testing::GraphStory story;
  story.task("a").times(4).takes(seconds(1));
  story.task("long").takes(seconds(10));
  ToldRun told(story);
  told.life(0);
  RemainingTime remaining(told.run);
  run_in_a_row(told, remaining, 4, 2.0);
  EXPECT_NEAR(to_seconds(*remaining.eta(seconds(8), {}, ToldRun::at(8))), 20.0, 1e-6);
}

TEST(RemainingTime, counts_what_is_running_as_partly_done) {
  testing::GraphStory story;
  story.task("a").times(2).takes(seconds(10));
  ToldRun told(story);
  told.life(0);
  const RemainingTime remaining(told.run);
  const std::vector<scheduler::RunningAttempt> running{{ElementId(0), 1, WorkerId(0), ToldRun::at(0)}};
  EXPECT_NEAR(to_seconds(*remaining.eta(seconds(4), running, ToldRun::at(4))), 16.0, 1e-6);
}

TEST(RemainingTime, counts_elements_again_that_a_person_resumed) {
  testing::GraphStory story;
  story.task("a").times(2);
  ToldRun told(story);
  told.life(0);
  told.fails(told.starts("a[0]", 0, 0), 1, FailureClass::error, 1, "");
  RemainingTime remaining(told.run);
  scheduler::Event retry;
  retry.kind = scheduler::EventKind::retry_all;
  remaining.update(told.run, told.happen(retry).changed);
  run_in_a_row(told, remaining, 1, 3.0);
  EXPECT_NEAR(to_seconds(*remaining.eta(seconds(3), {}, ToldRun::at(3))), 3.0, 1e-6);
}

}  // namespace
}  // namespace fugle::report
