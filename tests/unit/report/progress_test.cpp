#include "report/progress.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "unit/report/told_run.hpp"

namespace fugle::report {
namespace {

/// A pipe whose far end collects what was written.
class Pipe {
 public:
  Pipe() {
    EXPECT_EQ(::pipe2(ends_, O_CLOEXEC), 0);
    ::fcntl(ends_[0], F_SETFL, O_NONBLOCK);
  }
  ~Pipe() { ::close(ends_[0]), ::close(ends_[1]); }
  [[nodiscard]] int in() const { return ends_[1]; }
  std::string take() {
    std::string text;
    char bytes[4096];
    for (ssize_t n; (n = ::read(ends_[0], bytes, sizeof bytes)) > 0;) text.append(bytes, static_cast<std::size_t>(n));
    return text;
  }

 private:
  int ends_[2] = {-1, -1};
};

/// Tells a Progress what a head would tell it.
class Head {
 public:
  explicit Head(const testing::GraphStory& story, bool is_terminal)
      : told(story), progress(options(is_terminal), told.run) {}

  void hears(double now, const std::vector<scheduler::Event>& events) {
    progress.on_events(view(now), events, everything());
  }
  void ticks(double now) { progress.on_tick(view(now)); }
  void ends(double now) { progress.on_end(view(now)); }

  /// Starts and ends the attempt, then tells both.
  void fails(const std::string& element, double start, double end) {
    const auto started = told.starts(element, start, 1);
    hears(end, {started, told.fails(started, end, FailureClass::error, 3, "exit code 3")});
  }
  void finishes(const std::string& element, double start, double end) {
    const auto started = told.starts(element, start, 1);
    hears(end, {started, told.finishes(started, end)});
  }

  ToldRun told;
  Pipe pipe;
  Progress progress;

 private:
  ProgressOptions options(bool is_terminal) {
    ProgressOptions options;
    options.fd = pipe.in();
    options.is_terminal = is_terminal;
    options.width = [] { return 60; };
    options.names = told.names;
    options.read_tail = [](ElementId, std::uint16_t) { return std::string("boom\n"); };
    return options;
  }
  scheduler::HeadView view(double now) {
    running_ = told.workers.running();
    return {told.run, told.workers.workers(), running_, ToldRun::at(now), ToldRun::at(0), 0, 0};
  }
  scheduler::Effects everything() const {
    scheduler::Effects effects;
    for (std::uint32_t e = 0; e < told.graph.num_elements(); ++e) effects.changed.emplace_back(e);
    return effects;
  }
  std::vector<scheduler::RunningAttempt> running_;
};

testing::GraphStory wide(std::uint32_t n) {
  testing::GraphStory story;
  story.task("x").times(n);
  return story;
}

TEST(Progress, begins_a_resume_with_what_need_not_run_again) {
  testing::GraphStory story;
  story.task("a");
  story.task("c").after(story.task("b"));
  ToldRun told(story);
  told.life(0);
  told.finishes(told.starts("a", 1, 0), 2);
  told.fails(told.starts("b", 1, 0), 2, FailureClass::error, 3, "exit code 3");
  Pipe pipe;
  ProgressOptions options;
  options.fd = pipe.in();
  options.names = told.names;
  const Progress progress(std::move(options), told.run);
  EXPECT_EQ(pipe.take(), "demo-1: 3 elements, 1 of them done before\n");
}

TEST(Progress, writes_plain_lines_at_tenths_of_the_work_when_there_is_no_terminal) {
  Head head(wide(40), false);
  head.told.life(0);
  head.ticks(0);
  for (int i = 0; i < 8; ++i) head.finishes("x[" + std::to_string(i) + "]", i, i + 1);
  head.ticks(9);
  EXPECT_EQ(head.pipe.take(),
            "demo-1: 40 elements\n"
            "demo  0/40 ok  0 running\n"
            "demo  4/40 ok  0 running  1.0/s  ETA 36.0s\n"
            "demo  8/40 ok  0 running  1.0/s  ETA 32.0s\n");
}

TEST(Progress, writes_a_plain_line_every_ten_seconds) {
  Head head(wide(40), false);
  head.told.life(0);
  head.ticks(0);
  head.told.starts("x[0]", 0, 1);
  for (int t = 1; t <= 20; ++t) head.ticks(t);
  EXPECT_EQ(head.pipe.take(),
            "demo-1: 40 elements\n"
            "demo  0/40 ok  0 running\n"
            "demo  0/40 ok  1 running  0.0/s  x[0]\n"
            "demo  0/40 ok  1 running  0.0/s  x[0]\n");
}

TEST(Progress, redraws_one_line_at_most_ten_times_a_second_on_a_terminal) {
  Head head(wide(40), true);
  head.told.life(0);
  head.pipe.take();
  for (int i = 0; i < 100; ++i) head.ticks(i * 0.01);
  const std::string drawn = head.pipe.take();
  EXPECT_EQ(std::count(drawn.begin(), drawn.end(), '\r'), 10);
  EXPECT_EQ(drawn.find('\n'), std::string::npos);
}

TEST(Progress, names_what_runs_as_far_as_there_is_room) {
  Head head(wide(40), true);
  head.told.life(0);
  head.pipe.take();
  for (int i = 0; i < 20; ++i) head.told.starts("x[" + std::to_string(i) + "]", 0, 1);
  head.ticks(1);
  EXPECT_EQ(head.pipe.take(), "\r\x1b[Kdemo  0/40 ok  20 running  0.0/s  x[0]  x[1]  x[2]  x[3]");
}

TEST(Progress, gives_no_eta_when_what_runs_is_overdue) {
  testing::GraphStory story;
  for (const char* name : {"a", "b", "c", "d", "slow"}) story.task(name).takes(std::chrono::seconds(2));
  Head head(story, false);
  head.told.life(0);
  head.told.joins(1, "node1", 2);
  for (const char* name : {"a", "b", "c", "d"}) head.finishes(name, 0, 2);
  head.hears(2.5, {head.told.starts("slow", 2, 1)});
  head.pipe.take();
  head.ticks(13);
  EXPECT_EQ(head.pipe.take(), "demo  4/5 ok  1 running  0.3/s  slow\n");
}

TEST(Progress, shows_a_failure_as_a_block_above_the_live_line) {
  Head head(wide(40), true);
  head.told.life(0);
  head.ticks(0);
  head.pipe.take();
  head.fails("x[3]", 1, 2);
  const std::string shown = head.pipe.take();
  EXPECT_TRUE(shown.starts_with("\r\x1b[KFAILED x[3] (task x, attempt 1 of 1) on unknown node, worker 1, after 1.0s\n"))
      << shown;
  EXPECT_NE(shown.find("    | boom\n"), std::string::npos);
  EXPECT_NE(shown.find("\r\x1b[Kdemo  0/40 ok  0 running  1 failed"), std::string::npos);
}

TEST(Progress, does_not_show_a_failure_that_will_be_tried_again) {
  testing::GraphStory story;
  story.task("a").retries(1, std::chrono::seconds(1));
  Head head(story, false);
  head.told.life(0);
  head.fails("a", 1, 2);
  EXPECT_EQ(head.pipe.take().find("FAILED"), std::string::npos);
  head.fails("a", 4, 5);
  EXPECT_NE(head.pipe.take().find("FAILED a (task a, attempt 2 of 2)"), std::string::npos);
}

TEST(Progress, shows_five_failures_in_full_and_counts_the_rest) {
  Head head(wide(40), false);
  head.told.life(0);
  for (int i = 0; i < 8; ++i) head.fails("x[" + std::to_string(i) + "]", i, i + 1);
  head.ends(9);
  const std::string shown = head.pipe.take();
  EXPECT_NE(shown.find("FAILED x[4]"), std::string::npos);
  EXPECT_EQ(shown.find("FAILED x[5]"), std::string::npos);
  EXPECT_NE(shown.find("'fugle why demo-1' shows them all"), std::string::npos);
  EXPECT_NE(shown.find("8 failures, 5 shown"), std::string::npos);
}

TEST(Progress, ends_with_all_counts_and_what_to_type) {
  Head head(wide(2), false);
  head.told.life(0);
  head.finishes("x[0]", 0, 1);
  head.fails("x[1]", 1, 2);
  head.pipe.take();
  head.told.ends(3, 1, "");
  head.hears(3, {head.told.events.back()});
  head.ends(3);
  EXPECT_EQ(head.pipe.take(),
            "demo-1  FAILED  3.0s\n"
            "ok 1  cached 0  skipped 0  blocked 0  failed 1  tolerated 0  ignored 0  cancelled 0\n"
            "next: fugle why demo-1 'x[1]'\n"
            "next: fugle resume demo-1\n");
}

TEST(Progress, never_waits_for_a_reader_that_does_not_read) {
  Head head(wide(1600), false);
  head.told.life(0);
  for (int i = 0; i < 1600; ++i) head.finishes("x[" + std::to_string(i) + "]", i * 20, i * 20 + 1);
}

}  // namespace
}  // namespace fugle::report
