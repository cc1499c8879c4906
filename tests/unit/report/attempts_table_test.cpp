#include "report/attempts_table.hpp"

#include <gtest/gtest.h>

#include "report/history_view.hpp"
#include "unit/report/told_run.hpp"

namespace fugle::report {
namespace {

testing::GraphStory two_tasks() {
  testing::GraphStory story;
  story.task("a").retries(1, std::chrono::seconds(1));
  story.task("b");
  return story;
}

TEST(AttemptsTable, keeps_each_attempt_with_its_place_and_result) {
  ToldRun told(two_tasks());
  told.life(0);
  told.joins(1, "node1", 2);
  told.fails(told.starts("a", 1, 1), 2, FailureClass::error, 3, "exit code 3");
  told.finishes(told.starts("a", 4, 1), 5);
  told.starts("b", 5, 1);
  const auto rows = told.attempts.attempts();
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].state, AttemptState::failed);
  EXPECT_EQ(rows[0].reason, "exit code 3");
  EXPECT_EQ(rows[1].state, AttemptState::ok);
  EXPECT_EQ(rows[2].state, AttemptState::running);
  EXPECT_EQ(told.attempts.node_of(rows[2]), "node1");
  EXPECT_EQ(told.attempts.latest(told.id("a")), &rows[1]);
}

TEST(AttemptsTable, calls_an_attempt_without_an_end_interrupted_once_its_life_is_over) {
  ToldRun told(two_tasks());
  told.life(0);
  told.joins(1, "node1", 2);
  told.starts("a", 1, 1);
  told.life(10);
  told.joins(1, "node7", 2);
  told.starts("a", 11, 1);
  const auto rows = told.attempts.attempts();
  EXPECT_EQ(rows[0].state, AttemptState::interrupted);
  EXPECT_EQ(told.attempts.node_of(rows[0]), "node1");
  EXPECT_EQ(rows[1].state, AttemptState::running);
  EXPECT_EQ(told.attempts.node_of(rows[1]), "node7");
  told.attempts.close();
  EXPECT_EQ(told.attempts.attempts()[1].state, AttemptState::interrupted);
}

TEST(AttemptsTable, has_a_row_for_an_attempt_that_only_ended) {
  ToldRun told(two_tasks());
  told.life(0);
  scheduler::Event event;
  event.element = told.id("b");
  event.attempt = 1;
  event.worker = WorkerId(0);
  event.start = ToldRun::at(1);
  told.finishes(event, 2);
  ASSERT_EQ(told.attempts.attempts().size(), 1u);
  EXPECT_EQ(told.attempts.attempts()[0].state, AttemptState::ok);
}

TEST(HistoryView, writes_attempts_as_aligned_text) {
  ToldRun told(two_tasks());
  told.life(0);
  told.joins(1, "node1", 2);
  told.fails(told.starts("b", 1, 1), 2, FailureClass::signal, -9, "killed by SIGKILL");
  told.starts("a", 2, 1);
  EXPECT_EQ(attempts_text(told.graph, told.attempts),
            "state    class   result    started               took  node   att  element\n"
            "FAILED   signal  signal 9  2026-06-01T04:30:01Z  1.0s  node1    1  b\n"
            "RUNNING  -       -         2026-06-01T04:30:02Z     -  node1    1  a\n");
}

TEST(HistoryView, writes_attempts_as_json_with_nulls_for_what_is_not_known) {
  ToldRun told(two_tasks());
  told.life(0);
  told.joins(1, "node1", 2);
  told.fails(told.starts("b", 1, 1), 2, FailureClass::signal, -9, "killed by SIGKILL");
  told.starts("a", 2, 1);
  const auto rows = told.attempts.attempts();
  EXPECT_EQ(to_line(attempt_json(told.graph, told.attempts, rows[0])),
            R"({"element":"b","attempt":1,"state":"FAILED","class":"signal","exit":null,"signal":9,"worker":1,)"
            R"("node":"node1","start_ns":1780288201000000000,"end_ns":1780288202000000000,"cpu_ms":100,)"
            R"("maxrss_kb":2048,"read_bytes":4096,"written_bytes":8192,"late":false})");
  const Json running = attempt_json(told.graph, told.attempts, rows[1]);
  EXPECT_TRUE(running["exit"].is_null());
  EXPECT_TRUE(running["end_ns"].is_null());
  EXPECT_TRUE(running["class"].is_null());
}

TEST(HistoryView, writes_attempts_as_csv) {
  ToldRun told(two_tasks());
  told.life(0);
  told.joins(1, "node,1", 2);
  told.finishes(told.starts("b", 1, 1), 2);
  EXPECT_EQ(
      attempts_csv(told.graph, told.attempts),
      "element,attempt,state,class,exit,signal,worker,node,start_ns,end_ns,cpu_ms,maxrss_kb,read_bytes,written_bytes,"
      "late\n"
      "b,1,OK,,0,,1,\"node,1\",1780288201000000000,1780288202000000000,100,2048,4096,8192,false\n");
}

TEST(HistoryView, tells_how_each_life_ended) {
  ToldRun told(two_tasks());
  told.life(0);
  told.life(60);
  told.stops(70, "SIGTERM");
  told.ends(75, 4, "");
  told.life(100);
  EXPECT_EQ(lives_text(told.lives.lives(), RunCondition::interrupted),
            "life  started               elapsed  host pid user    end\n"
            "   0  2026-06-01T04:30:00Z        -  login1 4711 ann  died without a word\n"
            "   1  2026-06-01T04:31:00Z    15.0s  login1 4711 ann  exit 4 (SIGTERM)\n"
            "   2  2026-06-01T04:31:40Z        -  login1 4711 ann  died without a word\n");
}

TEST(HistoryView, lists_runs_with_their_parameters) {
  RunRow row;
  row.run = "demo-1";
  row.workflow = "demo";
  row.user = "ann";
  row.params = {{"members", "3"}};
  row.values = {{"members", "3"}, {"steps", "10"}};
  row.condition = RunCondition::interrupted;
  row.counts.total = 10;
  row.counts.ok = 4;
  row.started = ToldRun::at(0);
  row.elapsed = std::chrono::seconds(65);
  const std::vector<RunRow> rows{row};
  EXPECT_EQ(runs_text(rows),
            "state        ended  started               elapsed  user  run and parameters\n"
            "INTERRUPTED   4/10  2026-06-01T04:30:00Z    1m05s  ann   demo-1 members=3\n");
  const Json json = Json::parse(runs_json(rows));
  EXPECT_EQ(json[0]["params"]["members"], "3");
  EXPECT_EQ(json[0]["params"]["steps"], "10") << "the values of all, wherever they come from";
  EXPECT_EQ(runs_text({}), "no runs here; start one with 'fugle run FILE'\n");
}

}  // namespace
}  // namespace fugle::report
