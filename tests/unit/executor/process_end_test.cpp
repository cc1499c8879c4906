// How attempts end when they do not end by themselves: time limits, stops, strays, and deaths of rank and spawner.
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>

#include "unit/executor/executor_fixture.hpp"

namespace fugle::executor {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class ProcessEndTest : public ExecutorTest {
 protected:
  pid_t pid_in(const std::string& file) { return read_pid(folder_ / file); }
  static bool dies(pid_t pid) {
    return becomes_true([pid] { return !is_alive(pid); });
  }
};

TEST_F(ProcessEndTest, a_timeout_ends_a_task_that_ignores_TERM_and_its_grandchild) {
  Job job =
      shell("trap '' TERM; (trap '' TERM; echo $BASHPID > grandchild; sleep 60) & echo $$ > child; wait; sleep 60");
  job.task.timeout = 300ms;
  job.task.grace = 200ms;
  const AttemptReport report = run(job);
  EXPECT_EQ(report.cls, FailureClass::timeout);
  EXPECT_EQ(report.exit, -SIGKILL);
  EXPECT_GE(report.end - report.start, 500ms);
  EXPECT_LT(report.end - report.start, 20s);
  EXPECT_TRUE(dies(pid_in("child")));
  EXPECT_TRUE(dies(pid_in("grandchild")));
}

TEST_F(ProcessEndTest, a_task_that_ends_at_TERM_is_timed_out_without_waiting_for_the_grace) {
  Job job = shell("trap 'exit 0' TERM; sleep 60 & wait");
  job.task.timeout = 100ms;
  job.task.grace = 30s;
  const AttemptReport report = run(job);
  EXPECT_EQ(report.cls, FailureClass::timeout);
  EXPECT_EQ(report.exit, 0);
  EXPECT_LT(report.end - report.start, 20s);
}

TEST_F(ProcessEndTest, a_program_under_a_shell_that_died_of_TERM_still_has_its_grace) {
  Job job = shell(
      "(trap 'sleep 0.2; echo saved > checkpoint; exit' TERM; echo ready > up; while :; do sleep 0.05; done); true");
  start(job);
  ASSERT_TRUE(becomes_true([&] { return read_text(folder_ / "up") == "ready\n"; }));
  stop(job);
  EXPECT_EQ(ended().cls, FailureClass::cancelled);
  EXPECT_EQ(read_text(folder_ / "checkpoint"), "saved\n");
}

TEST_F(ProcessEndTest, a_grace_of_zero_kills_at_once) {
  Job job = shell("trap '' TERM; sleep 60");
  job.task.timeout = 100ms;
  job.task.grace = 0s;
  EXPECT_EQ(run(job).exit, -SIGKILL);
}

TEST_F(ProcessEndTest, a_stopped_attempt_is_cancelled_even_when_it_was_suspended) {
  Job job = shell("echo $$ > pid; kill -STOP $$; sleep 60");
  start(job);
  ASSERT_GT(pid_in("pid"), 0);
  stop(job);
  EXPECT_EQ(ended().cls, FailureClass::cancelled);
}

TEST_F(ProcessEndTest, stopping_right_after_the_start_or_twice_or_the_unknown_ends_it_once) {
  const Job job = shell("sleep 60");
  start(job);
  stop(job);
  stop(job);
  stop(shell("", 99));
  EXPECT_EQ(ended().cls, FailureClass::cancelled);
  stop(job);
  EXPECT_EQ(run(shell("true", 1)).element, ElementId(1));
}

TEST_F(ProcessEndTest, outputs_of_a_cancelled_attempt_are_set_aside) {
  Job job = shell("echo half > $FUGLE_OUT_o; sleep 60");
  add_output(job, "o", folder_ / "o");
  start(job);
  ASSERT_TRUE(becomes_true([&] { return read_text(folder_ / ".1-o") == "half\n"; }));
  stop(job);
  ended();
  EXPECT_EQ(read_text(folder_ / "o.failed-1"), "half\n");
}

TEST_F(ProcessEndTest, what_is_left_of_the_group_ends_with_the_attempt) {
  EXPECT_EQ(run(shell("sleep 60 & echo $! > pid")).cls, FailureClass::none);
  EXPECT_TRUE(dies(pid_in("pid")));
}

TEST_F(ProcessEndTest, a_grandchild_in_a_session_of_its_own_is_found_while_others_run) {
  start(shell("sleep 30", 1));
  EXPECT_EQ(run(shell("setsid bash -c 'echo $$ > pid; exec sleep 60' & until test -s pid; do sleep 0.01; done", 2)).cls,
            FailureClass::none);
  EXPECT_TRUE(dies(pid_in("pid")));
  stop(shell("", 1));
  ended();
}

TEST_F(ProcessEndTest, a_stray_that_hides_whose_it_is_ends_when_nothing_runs) {
  EXPECT_EQ(
      run(shell("env -i setsid bash -c 'echo $$ > pid; exec sleep 60' & until test -s pid; do sleep 0.01; done")).cls,
      FailureClass::none);
  EXPECT_TRUE(dies(pid_in("pid")));
}

TEST_F(ProcessEndTest, a_daemon_of_a_running_attempt_is_spared) {
  Job job = shell("(setsid sleep 30 & echo $! > pid); until test -e go; do sleep 0.01; done; kill -0 $(cat pid)", 1);
  start(job);
  ASSERT_GT(pid_in("pid"), 0);
  EXPECT_EQ(run(shell("true", 2)).element, ElementId(2));
  ::usleep(150'000);  // longer than the delay after which strays are looked for
  write_text(folder_ / "go", "");
  EXPECT_EQ(ended().cls, FailureClass::none);
  EXPECT_TRUE(dies(pid_in("pid")));
}

/// A disk that is full, for the spawner that is started next: files can grow to this size.
class SmallFiles {
 public:
  explicit SmallFiles(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit small{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
  }
  ~SmallFiles() { ::setrlimit(RLIMIT_FSIZE, &before_); }
  SmallFiles(const SmallFiles&) = delete;
  SmallFiles& operator=(const SmallFiles&) = delete;

 private:
  rlimit before_{};
};

TEST_F(ProcessEndTest, a_full_disk_loses_output_but_hangs_nobody) {
  {
    const SmallFiles small(24'000);
    restart({"PATH=/usr/bin:/bin"});
  }
  const AttemptReport report = run(shell("head -c 1024000 /dev/zero; exit 4"));
  EXPECT_EQ(report.exit, 4);
  EXPECT_THAT(report.reason, HasSubstr("976.6K of its output could not be written"));
  const AttemptReport good = run(shell("echo fine", 1));
  EXPECT_EQ(good.cls, FailureClass::none);
  EXPECT_THAT(good.reason, HasSubstr("of its output could not be written"));
}

TEST_F(ProcessEndTest, a_killed_spawner_loses_its_attempts_and_leaves_no_process) {
  start(shell("echo $$ > child; sleep 60 & echo $! > grandchild; wait", 1));
  start(shell("sleep 60", 2));
  const pid_t child = pid_in("child");
  const pid_t grandchild = pid_in("grandchild");
  ::kill(spawner_->pid(), SIGKILL);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(ended().cls, FailureClass::lost);
  EXPECT_TRUE(executor_->is_broken());
  EXPECT_TRUE(dies(child));
  EXPECT_TRUE(dies(grandchild));
  const AttemptReport refused = run(shell("true", 3));
  EXPECT_EQ(refused.cls, FailureClass::launch);
  EXPECT_THAT(refused.reason, HasSubstr("spawner"));
}

TEST_F(ProcessEndTest, a_killed_rank_leaves_no_process_and_its_output_is_kept) {
  const Job job = shell(
      "echo $$ > child; (trap '' TERM; sleep 60) & echo $! > grandchild; setsid sleep 60 & echo $! > stray; echo said; "
      "wait");
  executor_.reset();
  spawner_.reset();
  const pid_t rank = ::fork();
  if (rank == 0) {
    Spawner spawner(FUGLE_SPAWNER_PROGRAM);
    write_text(folder_ / "spawner", std::to_string(spawner.pid()) + "\n");
    ProcessExecutor executor(spawner, {WorkerId(3), "run-1", folder_.path(), {"PATH=/usr/bin:/bin"}});
    executor.start(job.launch());
    ::pause();
    ::_exit(0);
  }
  std::vector<pid_t> pids;
  for (const char* file : {"spawner", "child", "grandchild", "stray"}) pids.push_back(pid_in(file));
  for (const pid_t pid : pids) EXPECT_TRUE(is_alive(pid));
  ::usleep(20'000);
  ::kill(rank, SIGKILL);
  ::waitpid(rank, nullptr, 0);
  for (const pid_t pid : pids) EXPECT_TRUE(dies(pid)) << pid;
  EXPECT_EQ(output(job), "said\n");
}

TEST_F(ProcessEndTest, the_spawner_outlives_signals_meant_for_the_rank) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) ::kill(spawner_->pid(), signal);
  EXPECT_EQ(run(shell("true")).cls, FailureClass::none);
  EXPECT_NE(::getsid(spawner_->pid()), ::getsid(0));
}

TEST_F(ProcessEndTest, leftovers_of_a_run_are_found_by_their_environment) {
  const pid_t leftover = ::fork();
  if (leftover == 0) {
    const char* argv[] = {"sleep", "60", nullptr};
    const char* environment[] = {"FUGLE_RUN_ID=run-7", nullptr};
    ::execve("/bin/sleep", const_cast<char**>(argv), const_cast<char**>(environment));
    ::_exit(127);
  }
  ASSERT_TRUE(becomes_true(
      [&] { return read_text("/proc/" + std::to_string(leftover) + "/environ").starts_with("FUGLE_RUN_ID="); }));
  EXPECT_EQ(kill_leftovers("run-70"), 0);
  EXPECT_EQ(kill_leftovers("run-7"), 1);
  EXPECT_FALSE(is_alive(leftover));
  ::waitpid(leftover, nullptr, 0);
}

}  // namespace
}  // namespace fugle::executor
