#include "report/event_text.hpp"

#include <gtest/gtest.h>

#include "unit/report/told_run.hpp"

namespace fugle::report {
namespace {

TEST(EventText, writes_one_line_per_event) {
  testing::GraphStory story;
  story.task("a");
  ToldRun told(story);
  told.life(0);
  told.joins(1, "node1", 2);
  told.fails(told.starts("a", 1.25, 1), 2, FailureClass::error, 3, "exit code 3\nand more");
  told.stops(3, "SIGTERM");
  told.ends(4, 4, "");
  std::string lines;
  for (std::size_t i = 0; i < told.events.size(); ++i) lines += event_line(told.graph, i + 1, told.events[i]);
  EXPECT_EQ(lines,
            "      1  2026-06-01T04:30:00.000Z  run_started      life 0 of login1 4711 ann\n"
            "      2  2026-06-01T04:30:00.000Z  worker_joined    worker 1 on node1 with 2 cores\n"
            "      3  2026-06-01T04:30:01.250Z  attempt_started  a attempt 1 on worker 1\n"
            "      4  2026-06-01T04:30:02.000Z  attempt_ended    a attempt 1 on worker 1: error, exit 3, 750ms (exit "
            "code 3 and more)\n"
            "      5  2026-06-01T04:30:03.000Z  stop_requested   exit code 4: SIGTERM\n"
            "      6  2026-06-01T04:30:04.000Z  run_ended        exit code 4\n");
}

TEST(EventText, survives_bytes_that_are_no_text) {
  testing::GraphStory story;
  story.task("a");
  ToldRun told(story);
  told.life(0);
  told.fails(told.starts("a", 1, 1), 2, FailureClass::error, 3, "bad \xff byte");
  EXPECT_EQ(to_line(event_json(told.graph, 3, told.events.back()))[0], '{');
}

}  // namespace
}  // namespace fugle::report
