// Services of a ProcessExecutor: asked until they are ready, ended by a signal or a command, and gone as a whole.
#include <algorithm>

#include "unit/executor/executor_fixture.hpp"

namespace fugle::executor {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::HasSubstr;

using Kind = AttemptReport::Kind;

class ServiceTest : public ExecutorTest {
 protected:
  [[nodiscard]] Job service(const std::string& script, const std::string& ready, const std::string& stop = "") const {
    Job job = shell(script);
    job.task.service.is_given = true;
    job.text.ready_command = ready;
    job.text.stop_command = stop;
    return job;
  }
  void touch(const std::string& name) const { write_text(folder_ / name, ""); }
};

const std::string kForEver = "while true; do sleep 0.05; done";

TEST_F(ServiceTest, is_reported_ready_once_its_command_ends_with_0) {
  const Job job = service(kForEver, "echo x >> asked; test -e up");
  start(job);
  (void)next(Kind::started);
  ASSERT_TRUE(becomes_true([&] {
    executor_->poll(reports_);
    return read_text(folder_ / "asked").size() >= 4;
  })) << "it was not asked again";
  EXPECT_TRUE(reports_.empty()) << "it is not ready";
  touch("up");
  const AttemptReport ready = next(Kind::ready);
  EXPECT_EQ(ready.element, ElementId(0));
  EXPECT_EQ(ready.attempt, 1);
  EXPECT_GE(ready.end, ready.start);
  stop(job);
  const AttemptReport end = ended();
  EXPECT_EQ(end.cls, FailureClass::cancelled);
  EXPECT_TRUE(reports_.empty());
}

TEST_F(ServiceTest, asks_in_its_directory_and_environment_and_keeps_the_answers_out_of_its_log) {
  Job job = service("echo mine; " + kForEver, "echo $FUGLE_ELEMENT $COLOUR $PWD > said; echo theirs");
  job.task.env = {{"COLOUR", "red"}};
  start(job);
  (void)next(Kind::ready);
  EXPECT_EQ(read_text(folder_ / "said"), "job[0] red " + folder_.path() + "\n");
  stop(job);
  (void)ended();
  EXPECT_EQ(output(job), "mine\n");
}

TEST_F(ServiceTest, that_does_not_get_ready_in_time_is_ended_and_says_what_the_last_answer_was) {
  Job job = service("sleep 1000 & " + kForEver, "echo nobody listens; exit 7");
  job.task.service.ready_timeout = 1s;
  const AttemptReport end = run(job);
  EXPECT_EQ(end.cls, FailureClass::timeout);
  EXPECT_EQ(end.reason, "not ready within 1s (the last 'ready': exit code 7: nobody listens)");
}

TEST_F(ServiceTest, whose_question_hangs_is_not_ready) {
  Job job = service(kForEver, "echo $$ > asking; sleep 1000");
  job.task.service.ready_timeout = 1s;
  const AttemptReport end = run(job);
  EXPECT_EQ(end.cls, FailureClass::timeout);
  EXPECT_THAT(end.reason, HasSubstr("not ready within 1s"));
  EXPECT_FALSE(is_alive(read_pid(folder_ / "asking"))) << "nothing of it is left";
}

TEST_F(ServiceTest, that_ends_by_itself_is_reported_as_any_other) {
  const AttemptReport end = run(service("exit 3", "sleep 1000"));
  EXPECT_EQ(end.cls, FailureClass::error);
  EXPECT_EQ(end.exit, 3);
}

TEST_F(ServiceTest, is_ended_by_the_signal_it_wants) {
  Job job = service("trap 'echo int; exit 5' INT; trap 'echo term; exit 0' TERM; touch up; " + kForEver, "test -e up");
  job.task.service.stop_signal = SIGINT;
  start(job);
  (void)next(Kind::ready);
  stop(job);
  EXPECT_EQ(ended().exit, 5);
  EXPECT_EQ(output(job), "int\n");
}

TEST_F(ServiceTest, is_ended_by_its_command_and_not_by_a_signal) {
  const Job job = service("trap 'echo term' TERM; touch up; while [ ! -e down ]; do sleep 0.05; done; echo down",
                          "test -e up", "touch down");
  start(job);
  (void)next(Kind::ready);
  stop(job);
  EXPECT_EQ(ended().exit, 0);
  EXPECT_EQ(output(job), "down\n");
}

TEST_F(ServiceTest, gets_a_signal_when_its_command_fails) {
  const Job job = service("trap 'echo term; exit 0' TERM; touch up; " + kForEver, "test -e up", "exit 1");
  start(job);
  (void)next(Kind::ready);
  stop(job);
  (void)ended();
  EXPECT_THAT(output(job), HasSubstr("term\n"));
}

TEST_F(ServiceTest, that_takes_no_notice_is_killed_after_the_grace_with_all_that_it_has_started) {
  Job job =
      service("trap '' TERM; setsid sleep 1000 & echo $! > child; touch up; " + kForEver, "test -e up", "sleep 1000");
  job.task.grace = 300ms;
  start(job);
  (void)next(Kind::ready);
  stop(job);
  const AttemptReport end = ended();
  EXPECT_EQ(end.exit, -SIGKILL);
  EXPECT_TRUE(becomes_true([&] { return !is_alive(read_pid(folder_ / "child")); }));
}

TEST_F(ServiceTest, publishes_its_outputs_when_it_is_stopped) {
  Job job = service("echo all > " + graph::output_slot(0, true) + "; touch up; " + kForEver, "test -e up");
  add_output(job, "log", folder_ / "log.txt");
  start(job);
  (void)next(Kind::ready);
  stop(job);
  (void)ended();
  EXPECT_EQ(read_text(folder_ / "log.txt"), "all\n");
}

}  // namespace
}  // namespace fugle::executor
