#include "report/status_view.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/json_text.hpp"

namespace fugle::report {
namespace {

using std::chrono::seconds;

RunStatus running_status() {
  RunStatus status;
  status.run = "demo-20260601T043000-abcd";
  status.workflow = "demo";
  status.counts.ready = 2;
  status.counts.running = 1;
  status.counts.ok = 37;
  status.counts.failed = 1;
  status.counts.waiting = 9;
  status.counts.retrying = 1;
  status.counts.total = 50;
  status.started = from_ns(1780288200'000000000);
  status.elapsed = seconds(62);
  status.eta = seconds(20);
  scheduler::WorkerInfo worker;
  worker.worker = WorkerId(1);
  worker.node = "node1";
  worker.cores = 8;
  worker.cores_in_use = 2;
  worker.num_ended = 38;
  status.workers.push_back(worker);
  status.running.push_back({"mdrun[8,2]", 2, WorkerId(1), "node1", seconds(12)});
  status.failed.push_back("prep[3]");
  return status;
}

TEST(StatusView, reads_well_in_eighty_columns) {
  EXPECT_EQ(status_text(running_status()),
            "demo-20260601T043000-abcd  demo  RUNNING\n"
            "  38 of 50 ended (76%)  started 2026-06-01T04:30:00Z  elapsed 1m02s  ETA 20.0s\n"
            "  waiting 9  ready 2  running 1  (1 of the waiting for a retry)\n"
            "  ok 37  cached 0  skipped 0  blocked 0  failed 1  cancelled 0\n"
            "workers\n"
            "  worker  cores  busy  ended  state  node\n"
            "       1      8     2     38  alive  node1\n"
            "running\n"
            "  elapsed  worker  attempt  node   element\n"
            "    12.0s       1        2  node1  mdrun[8,2]\n"
            "failed\n"
            "  prep[3]\n");
}

TEST(StatusView, tells_whether_a_service_is_ready) {
  RunStatus status = running_status();
  status.running.push_back({"db", 1, WorkerId(1), "node1", seconds(5), scheduler::ServicePhase::starting});
  EXPECT_THAT(status_text(status), ::testing::HasSubstr("node1  db (service, starting)\n"));
  EXPECT_THAT(status_json(status), ::testing::HasSubstr("\"service\": \"starting\""));
  status.running.back().service = scheduler::ServicePhase::ready;
  EXPECT_THAT(status_text(status), ::testing::HasSubstr("node1  db (service, ready)\n"));
  EXPECT_THAT(status_json(status), ::testing::HasSubstr("\"service\": null"));
}

TEST(StatusView, calls_lost_only_the_workers_that_were_lost) {
  RunStatus status = running_status();
  status.workers.push_back(status.workers.front());
  status.workers.back().alive = false;
  status.condition = RunCondition::failed;
  const std::string text = status_text(status);
  EXPECT_THAT(text, ::testing::HasSubstr("       1      8     2     38  done   node1\n"));
  EXPECT_THAT(text, ::testing::HasSubstr("       1      8     2     38  lost   node1\n"));
}

TEST(StatusView, ends_with_what_to_type_when_a_run_needs_it) {
  RunStatus status = running_status();
  status.condition = RunCondition::interrupted;
  status.counts = interrupt(status.counts);
  status.running.clear();
  status.eta.reset();
  const std::string text = status_text(status);
  EXPECT_NE(
      text.find("waiting 9  ready 3  running 0  (1 of the waiting for a retry)  (1 of the ready were interrupted)"),
      std::string::npos);
  EXPECT_TRUE(
      text.ends_with("next: fugle why demo-20260601T043000-abcd 'prep[3]'\n"
                     "next: fugle resume demo-20260601T043000-abcd\n"));
}

TEST(StatusView, names_what_is_held_drained_and_tolerated) {
  RunStatus status = running_status();
  status.counts.failed = 3;
  status.counts.tolerated = 2;
  status.counts.held = 1;
  status.in_finally = true;
  status.held.push_back({"x[1]", "ann@login1"});
  status.drained.push_back("node2: 3 failures in a row");
  status.workers.resize(3, status.workers.front());
  status.workers[1].drained = true;
  status.workers[2].worker = WorkerId(2);
  status.silent.push_back(WorkerId(2));
  const std::string text = status_text(status);
  EXPECT_THAT(text, ::testing::HasSubstr("  demo  RUNNING, finally\n"));
  EXPECT_THAT(text, ::testing::HasSubstr("(1 of the waiting held)"));
  EXPECT_THAT(text, ::testing::HasSubstr("(2 of the failed are tolerated)\n"));
  EXPECT_THAT(text, ::testing::HasSubstr("       1      8     2     38  drained  node1\n"));
  EXPECT_THAT(text, ::testing::HasSubstr("       2      8     2     38  silent   node1\n"));
  EXPECT_THAT(text, ::testing::HasSubstr("drained (no more work until the run is resumed)\n  node2: 3 failures"));
  EXPECT_THAT(text, ::testing::HasSubstr("held (fugle release demo-20260601T043000-abcd ELEMENT)\n"
                                         "  held by     element\n"
                                         "  ann@login1  x[1]\n"));
  const Json json = Json::parse(status_json(status));
  EXPECT_EQ(json["held_elements"][0]["by"], "ann@login1");
  EXPECT_EQ(json["workers"][1]["state"], "drained");
  EXPECT_EQ(json["tolerated"], 2);
  EXPECT_EQ(json["finally"], true);
  EXPECT_TRUE(json["head_silent"].is_null());
}

TEST(StatusView, tells_of_a_head_that_writes_nothing) {
  RunStatus status = running_status();
  status.silence = Silence{"login1", 4711, seconds(95)};
  const std::string text = status_text(status);
  EXPECT_THAT(text, ::testing::HasSubstr("its head on login1 has written nothing for 1m35s"));
  EXPECT_THAT(text, ::testing::HasSubstr("('kill -9 4711' on login1): fugle resume demo-20260601T043000-abcd\n"));
  EXPECT_EQ(Json::parse(status_json(status))["head_silent"]["seconds"], 95.0);
}

TEST(StatusView, shows_ten_rows_and_counts_the_rest) {
  RunStatus status = running_status();
  status.failed.assign(25, "x");
  EXPECT_NE(status_text(status).find("  and 15 more (--json lists them)\n"), std::string::npos);
}

TEST(StatusView, keeps_the_contract_of_its_json) {
  const Json json = Json::parse(status_json(running_status()));
  for (const char* key :
       {"run", "workflow", "state", "counts", "total", "started", "elapsed_s", "eta_s", "workers", "running", "failed"})
    EXPECT_TRUE(json.contains(key)) << key;
  std::uint64_t sum = 0;
  for (const char* state : {"waiting", "ready", "running", "ok", "cached", "skipped", "blocked", "failed", "cancelled"})
    sum += json["counts"].at(state).get<std::uint64_t>();
  EXPECT_EQ(json["counts"].size(), 9u);
  EXPECT_EQ(sum, json["total"]);
  EXPECT_EQ(json["running"][0]["element"], "mdrun[8,2]");
  EXPECT_EQ(json["running"][0]["node"], "node1");
  EXPECT_EQ(json["failed"][0], "prep[3]");
  EXPECT_EQ(json["eta_s"], 20.0);
}

TEST(StatusView, has_no_eta_before_anything_ended) {
  CountsView counts;
  counts.total = 10;
  EXPECT_EQ(eta_by_rate(counts, 0, seconds(5)), std::nullopt);
  counts.ok = 5;
  EXPECT_EQ(eta_by_rate(counts, 5, seconds(10)), seconds(10));
}

}  // namespace
}  // namespace fugle::report
