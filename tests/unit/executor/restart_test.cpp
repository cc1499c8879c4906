// Attempts that go on from checkpoints of their own, and the signal that asks for one.
#include "executor/restart.hpp"

#include "unit/executor/executor_fixture.hpp"

namespace fugle::executor {
namespace {

class RestartTest : public ExecutorTest {
 protected:
  [[nodiscard]] Job restartable(std::uint16_t attempt) const {
    Job job = shell("echo from the start, ${FUGLE_RESTART-unset}");
    job.task.restart.is_given = true;
    job.text.restart_files = {"state_*.chk"};
    job.attempt = attempt;
    return job;
  }
};

TEST_F(RestartTest, the_first_attempt_begins_at_the_start_whatever_lies_there) {
  write_text(folder_ / "state_1.chk", "");
  EXPECT_EQ(output_of(restartable(1)), "from the start, unset\n");
}

TEST_F(RestartTest, a_later_attempt_without_a_checkpoint_begins_at_the_start) {
  EXPECT_EQ(output_of(restartable(2)), "from the start, unset\n");
}

TEST_F(RestartTest, a_later_attempt_is_told_of_the_checkpoint) {
  write_text(folder_ / "state_1.chk", "");
  EXPECT_EQ(output_of(restartable(2)), "from the start, 1\n");
}

TEST_F(RestartTest, a_later_attempt_runs_the_command_for_restarts) {
  write_text(folder_ / "state_1.chk", "");
  Job job = restartable(2);
  job.text.restart_command = {"echo on from attempt $FUGLE_ATTEMPT"};
  EXPECT_EQ(output_of(job), "on from attempt 2\n");
}

TEST_F(RestartTest, a_working_directory_is_no_pattern) {
  std::filesystem::create_directory(folder_ / "run[1]");
  write_text(folder_ / "run[1]/state_1.chk", "");
  Job job = restartable(2);
  job.text.workdir = folder_ / "run[1]";
  EXPECT_EQ(output_of(job), "from the start, 1\n");
}

TEST_F(RestartTest, a_signal_reaches_the_whole_group_of_a_running_attempt) {
  Job job = shell("trap 'echo asked; exit 5' USR1; echo >ready; while :; do sleep 0.05; done");
  start(job);
  ASSERT_TRUE(becomes_true([&] { return std::filesystem::exists(folder_ / "ready"); }));
  executor_->signal(ElementId(job.element), SIGUSR1);
  const AttemptReport report = next(AttemptReport::Kind::ended);
  EXPECT_EQ(report.exit, 5);
  executor_->signal(ElementId(job.element), SIGUSR1);  // nothing runs: nothing happens
}

}  // namespace
}  // namespace fugle::executor
