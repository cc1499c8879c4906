// Golden texts of `fugle why`, one per made situation.
#include "report/explain.hpp"

#include <gtest/gtest.h>

#include "unit/report/told_run.hpp"

namespace fugle::report {
namespace {

using std::chrono::seconds;
using testing::GraphStory;

constexpr RunCondition kRunning = RunCondition::running;

GraphStory chain() {
  GraphStory story;
  auto a = story.task("a");
  auto b = story.task("b").after(a);
  story.task("c").after(b);
  return story;
}

TEST(Explain, names_what_runs_for_an_element_that_waits_for_it) {
  ToldRun told(chain());
  told.life(0);
  told.joins(2, "node1", 4);
  told.starts("a", 1, 2);
  EXPECT_EQ(told.why("b", kRunning, 13.3),
            "b is WAITING: 1 of 1 needs is not done\n"
            "  a is RUNNING: on node1 (worker 2) for 12.3s\n");
}

TEST(Explain, looks_through_waiting_needs_to_what_moves_first) {
  ToldRun told(chain());
  told.life(0);
  told.joins(2, "node1", 4);
  EXPECT_EQ(told.why("c", kRunning, 1),
            "c is WAITING: 1 of 1 needs is not done\n"
            "  a is READY: not started yet\n");
}

TEST(Explain, lists_eight_causes_and_counts_the_rest) {
  GraphStory story;
  auto many = story.task("many").times(11);
  story.task("last").after(many);
  ToldRun told(story);
  told.life(0);
  const Explanation explanation = explain(told.situation(kRunning, 1), told.id("last"));
  EXPECT_EQ(explanation.reason, "11 of 11 needs are not done");
  EXPECT_EQ(explanation.causes.size(), 8u);
  EXPECT_EQ(explanation.num_more_causes, 3u);
}

TEST(Explain, names_the_services_that_an_element_waits_for) {
  GraphStory story;
  auto db = story.task("db").times(2);
  db.task().service.is_given = true;
  auto other = story.task("other");
  story.task("user").after(db);
  story.task("later").after(db).after(other);
  ToldRun told(story);
  told.life(0);
  told.joins(2, "node1", 4);
  const auto first = told.starts("db[0]", 1, 2);
  EXPECT_EQ(told.why("user", kRunning, 3),
            "user is WAITING: waits for services db[0], db[1] to be ready\n"
            "  db[0] is STARTING: starting on node1 (worker 2), not ready for 2.0s\n"
            "  db[1] is READY: not started yet\n");
  told.gets_ready(first, 4);
  EXPECT_EQ(told.why("user", kRunning, 5),
            "user is WAITING: waits for service db[1] to be ready\n"
            "  db[1] is READY: not started yet\n");
  EXPECT_EQ(explain(told.situation(kRunning, 5), told.id("later")).reason, "2 of 3 needs are not done");
}

TEST(Explain, tells_of_a_ready_service_that_has_the_cores) {
  GraphStory story;
  auto db = story.task("db").cores(3);
  db.task().service.is_given = true;
  story.task("user").cores(2).after(db);
  ToldRun told(story);
  told.life(0);
  told.joins(2, "node1", 4);
  told.gets_ready(told.starts("db", 1, 2), 2);
  EXPECT_EQ(told.why("user", kRunning, 5),
            "user is READY: waits for 2 free cores on one worker; at most 1 free now\n"
            "  db is RUNNING: uses 3 cores on node1 (worker 2) for 4.0s, a service that is ready\n");
}

TEST(Explain, says_who_uses_the_cores_a_ready_element_waits_for) {
  GraphStory story;
  story.task("a").cores(3);
  story.task("b").cores(2);
  ToldRun told(story);
  told.life(0);
  told.joins(0, "node1", 4);
  told.starts("a", 1, 0);
  EXPECT_EQ(told.why("b", kRunning, 6),
            "b is READY: waits for 2 free cores on one worker; at most 1 free now\n"
            "  a is RUNNING: uses 3 cores on node1 (worker 0) for 5.0s\n");
}

TEST(Explain, says_when_an_element_fits_on_no_worker) {
  GraphStory story;
  story.task("a").cores(8);
  ToldRun told(story);
  told.life(0);
  told.joins(0, "node1", 2);
  EXPECT_EQ(told.why("a", kRunning, 1), "a is READY: needs 8 cores, largest worker has 2\n");
}

TEST(Explain, does_not_promise_that_what_fits_nowhere_could_start) {
  GraphStory story;
  story.task("a").cores(8);
  ToldRun told(story);
  told.life(0);
  told.joins(0, "node1", 2);
  EXPECT_EQ(told.why("a", RunCondition::incomplete, 1),
            "a is READY: needs 8 cores, largest worker has 2, and the run is INCOMPLETE (no head works on it)\n"
            "next: fugle resume demo-1\n");
}

TEST(Explain, says_when_no_worker_is_there) {
  ToldRun told(chain());
  told.life(0);
  EXPECT_EQ(told.why("a", kRunning, 1), "a is READY: it can start, but no worker has joined\n");
}

TEST(Explain, says_that_nothing_starts_after_a_stop) {
  ToldRun told(chain());
  told.life(0);
  told.joins(0, "node1", 2);
  told.stops(3, "SIGTERM");
  EXPECT_EQ(told.why("a", kRunning, 4),
            "a is READY: it can start, but nothing new starts any more (SIGTERM)\n"
            "next: fugle resume demo-1\n");
}

TEST(Explain, tells_a_ready_element_of_a_dead_run_to_be_resumed) {
  ToldRun told(chain());
  told.life(0);
  EXPECT_EQ(told.why("a", RunCondition::interrupted, 4),
            "a is READY: it can start, but the run is INTERRUPTED (no head works on it)\n"
            "next: fugle resume demo-1\n");
}

TEST(Explain, says_when_the_next_attempt_starts_and_why_the_last_one_ended) {
  GraphStory story;
  story.task("a").retries(2, seconds(60));
  ToldRun told(story);
  told.life(0);
  told.joins(0, "node1", 2);
  told.fails(told.starts("a", 1, 0), 2, FailureClass::error, 3, "exit code 3");
  EXPECT_EQ(
      told.why("a", kRunning, 12),
      "a is RETRY_WAIT: attempt 2 starts at 2026-06-01T04:31:02Z (in 50.0s); attempt 1 ended with error: exit code "
      "3\n"
      "next: fugle logs demo-1 a\n");
}

TEST(Explain, says_where_an_element_runs) {
  GraphStory story;
  story.task("a").task().timeout = seconds(90);
  ToldRun told(story);
  told.life(0);
  told.joins(0, "node1", 2);
  told.starts("a", 1, 0);
  EXPECT_EQ(told.why("a", kRunning, 4),
            "a is RUNNING: attempt 1 runs on node1 (worker 0) for 3.0s, timeout 1m30s\n"
            "next: fugle logs demo-1 a\n");
}

TEST(Explain, calls_what_ran_in_a_dead_run_interrupted) {
  ToldRun told(chain());
  told.life(0);
  told.joins(0, "node1", 2);
  told.starts("a", 1, 0);
  EXPECT_EQ(told.why("a", RunCondition::interrupted, 400),
            "a is INTERRUPTED: attempt 1 ran on node1 (worker 0) when the run died; it will be run again\n"
            "next: fugle resume demo-1\n");
}

TEST(Explain, says_where_and_how_long_an_ok_element_ran) {
  ToldRun told(chain());
  told.life(0);
  told.joins(0, "node1", 2);
  told.finishes(told.starts("a", 1, 0), 3.5);
  EXPECT_EQ(told.why("a", kRunning, 9),
            "a is OK: attempt 1 ended at 2026-06-01T04:30:03Z after 2.5s on node1 (worker 0)\n");
}

TEST(Explain, warns_of_an_ok_element_that_ran_elsewhere_than_it_was_bound_to) {
  ToldRun told(chain());
  told.life(0);
  told.joins(0, "node1", 2);
  scheduler::Event end = told.starts("a", 1, 0);
  end.text = "bound to cpus 0-3, but it ran on 0-1 (its command changes the binding)";
  told.finishes(end, 3.5);
  EXPECT_EQ(told.why("a", kRunning, 9),
            "a is OK: attempt 1 ended at 2026-06-01T04:30:03Z after 2.5s on node1 (worker 0); warning: bound to cpus "
            "0-3, but it ran on 0-1 (its command changes the binding)\n");
}

TEST(Explain, shows_the_whole_block_of_a_failed_element) {
  ToldRun told(chain());
  told.life(0);
  told.joins(0, "node1", 2);
  told.fails(told.starts("a", 1, 0), 2, FailureClass::signal, -11, "killed by SIGSEGV");
  EXPECT_EQ(told.why("a", RunCondition::failed, 9),
            "a is FAILED: signal: killed by SIGSEGV\n"
            "FAILED a (task a, attempt 1 of 1) on node1, worker 0, after 1.0s\n"
            "  why      signal: killed by SIGSEGV\n"
            "  command  true\n"
            "  script   demo.yaml, task 'a'\n"
            "  output   (last lines)\n"
            "    | reading\n"
            "    | boom\n"
            "  by hand  cd / && env FUGLE_TASK=a FUGLE_ELEMENT=a FUGLE_ATTEMPT=1 FUGLE_INDEX=0 FUGLE_CORES=1 true\n"
            "  log      fugle logs demo-1 a\n"
            "  again    fugle resume demo-1\n");
}

TEST(Explain, follows_a_blocked_element_to_the_failure_behind_it) {
  ToldRun told(chain());
  told.life(0);
  told.joins(0, "node1", 2);
  told.fails(told.starts("a", 1, 0), 2, FailureClass::error, 1, "exit code 1");
  EXPECT_EQ(told.why("c", RunCondition::failed, 9),
            "c is BLOCKED: a is FAILED\n"
            "  b is BLOCKED: needed by the element before\n"
            "  a is FAILED: error: exit code 1\n"
            "next: fugle why demo-1 a\n"
            "next: fugle resume demo-1\n");
}

TEST(Explain, tells_a_waiting_element_that_it_will_not_run) {
  GraphStory story;
  auto a = story.task("a");
  auto b = story.task("b");
  story.task("c").after(a).after(b);
  ToldRun told(story);
  told.life(0);
  told.joins(0, "node1", 2);
  told.fails(told.starts("a", 1, 0), 2, FailureClass::error, 1, "exit code 1");
  EXPECT_EQ(told.why("c", kRunning, 9),
            "c is WAITING: 2 of 2 needs are not done; it will not run, since a is FAILED\n"
            "  a is FAILED: attempt 1 ended with error: exit code 1\n"
            "  b is READY: not started yet\n");
}

TEST(Explain, remembers_the_attempt_that_a_lost_worker_took_along) {
  ToldRun told(chain());
  told.life(0);
  told.joins(0, "node1", 2);
  told.fails(told.starts("a", 1, 0), 2, FailureClass::lost, 0, "worker 1 is lost");
  EXPECT_EQ(told.why("a", kRunning, 9),
            "a is READY: its turn comes next: cores are free, and elements of higher rank are being started first; "
            "attempt 1 ended with lost: worker 1 is lost\n");
}

TEST(Explain, names_who_cancelled_an_element_and_what_fell_with_it) {
  ToldRun told(chain());
  told.life(0);
  told.cancels("a", "ann on login1");
  EXPECT_EQ(told.why("a", kRunning, 9), "a is CANCELLED: cancelled by ann on login1\nnext: fugle resume demo-1\n");
  EXPECT_EQ(told.why("b", kRunning, 9),
            "b is CANCELLED: it needs a, which was cancelled\n"
            "next: fugle why demo-1 a\n"
            "next: fugle resume demo-1\n");
}

TEST(Explain, says_that_an_ignored_failure_needs_no_resume) {
  GraphStory story;
  story.task("a").ignore_failure();
  ToldRun told(story);
  told.life(0);
  told.joins(0, "node1", 2);
  told.fails(told.starts("a", 1, 0), 2, FailureClass::error, 1, "exit code 1");
  const Explanation explanation = explain(told.situation(RunCondition::ok, 9), told.id("a"));
  EXPECT_EQ(explanation.reason, "error: exit code 1 (ignored: on_failure)");
  EXPECT_EQ(explanation.next, std::vector<std::string>{"fugle logs demo-1 a"});
}

TEST(Explain, names_who_holds_an_element_also_for_those_that_wait_for_it) {
  ToldRun told(chain());
  told.life(0);
  told.joins(2, "node1", 4);
  told.wishes(scheduler::EventKind::hold_element, "a", "ann@login1");
  EXPECT_EQ(told.why("a", kRunning, 9), "a is HELD: held by ann@login1\nnext: fugle release demo-1 a\n");
  EXPECT_EQ(told.why("b", kRunning, 9), "b is WAITING: 1 of 1 needs is not done\n  a is HELD: held by ann@login1\n");
  told.wishes(scheduler::EventKind::release_element, "a", "ann@login1");
  EXPECT_TRUE(told.why("a", kRunning, 9).starts_with("a is READY: its turn comes next"));
}

TEST(Explain, says_what_a_task_of_finally_waits_for) {
  GraphStory story;
  story.task("a");
  story.task("summary").task().runs_finally = true;
  ToldRun told(story);
  told.life(0);
  told.joins(2, "node1", 4);
  EXPECT_EQ(told.why("summary", kRunning, 9),
            "summary is WAITING: it is in 'finally', which starts when all else has ended (1 element is left)\n");
  told.begins_finally("INCOMPLETE");
  EXPECT_TRUE(told.why("summary", kRunning, 9).starts_with("summary is READY: its turn comes next"));
  EXPECT_EQ(told.why("a", kRunning, 9),
            "a is READY: it can start, but only the tasks of 'finally' start now\nnext: fugle resume demo-1\n");
}

TEST(Explain, says_what_is_tolerated_and_what_is_beyond_it) {
  GraphStory story;
  auto sims = story.task("sims").times(4);
  sims.task().tolerate.count = 1;
  story.task("mean").after(sims);
  ToldRun told(story);
  told.life(0);
  told.joins(0, "node1", 2);
  told.fails(told.starts("sims[0]", 1, 0), 2, FailureClass::error, 1, "exit code 1");
  EXPECT_EQ(explain(told.situation(kRunning, 9), told.id("sims[0]")).reason,
            "error: exit code 1 (counts as OK if at most 1 of 4 elements of sims fail; so far 1 failed)");
  EXPECT_EQ(told.why("mean", kRunning, 9).substr(0, 84),
            "mean is WAITING: 4 of 4 needs are not done\n  sims[0] is FAILED: it counts as OK if a");
  told.fails(told.starts("sims[1]", 3, 0), 4, FailureClass::error, 1, "exit code 1");
  told.wishes(scheduler::EventKind::cancel_element, "sims[2]", "the tolerance of sims");
  told.wishes(scheduler::EventKind::cancel_element, "sims[3]", "the tolerance of sims");
  EXPECT_EQ(explain(told.situation(RunCondition::failed, 9), told.id("sims[2]")).reason,
            "cancelled with the rest of its task, which counts as OK if at most 1 of 4 elements of sims fail; so far 2 "
            "failed");
}

TEST(Explain, counts_no_cores_of_a_drained_node) {
  GraphStory story;
  story.task("a").cores(2);
  ToldRun told(story);
  told.life(0);
  told.joins(0, "node0", 1);
  told.joins(1, "node1", 4);
  told.drains(1, "node1: 3 failures in a row");
  EXPECT_EQ(explain(told.situation(kRunning, 9), told.id("a")).reason,
            "needs 2 cores, largest worker has 1; no more work for node1: 3 failures in a row");
}

TEST(Explain, says_the_same_as_json) {
  ToldRun told(chain());
  told.life(0);
  told.joins(0, "node1", 2);
  told.fails(told.starts("a", 1, 0), 2, FailureClass::error, 1, "exit code 1");
  const Json json = explanation_json(explain(told.situation(RunCondition::failed, 9), told.id("c")));
  EXPECT_EQ(json["state"], "BLOCKED");
  EXPECT_EQ(json["causes"][1]["element"], "a");
  EXPECT_TRUE(json["failure"].is_null());
  const Json root = explanation_json(explain(told.situation(RunCondition::failed, 9), told.id("a")));
  EXPECT_EQ(root["failure"]["output"], "reading\nboom\n");
}

}  // namespace
}  // namespace fugle::report
