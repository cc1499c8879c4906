// What an attempt gets besides its program: a scratch directory, a cleanup, the state of the run, accounting; and what
// becomes of its output and its outputs when there is too much of the one or the other is late.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>

#include "executor/node_folder.hpp"
#include "unit/executor/executor_fixture.hpp"

namespace fugle::executor {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class AttemptLifeTest : public ExecutorTest {
 protected:
  AttemptLifeTest() { ExecutorTest::restart(options()); }

  [[nodiscard]] Job with_scratch(const std::string& script, std::uint32_t element = 0) const {
    Job job = shell(script, element);
    job.task.has_scratch = true;
    return job;
  }
  [[nodiscard]] Job with_cleanup(const std::string& script, const std::string& cleanup,
                                 std::uint32_t element = 0) const {
    Job job = shell(script, element);
    job.task.has_cleanup = true;
    job.text.cleanup = cleanup;
    return job;
  }
  /// Directories of executors in the folder of the test.
  [[nodiscard]] std::vector<std::string> node_folders() const {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(folder_.path()))
      if (entry.path().filename().string().starts_with("fugle-")) found.push_back(entry.path());
    return found;
  }
};

TEST_F(AttemptLifeTest, an_attempt_has_a_scratch_directory_of_its_own_that_goes_with_it) {
  const Job job = with_scratch("stat -c %a $FUGLE_SCRATCH; touch $FUGLE_SCRATCH/file; mkdir $FUGLE_SCRATCH/d; echo " +
                               std::string{graph::kSlot} + "S0" + graph::kSlot + "; echo $FUGLE_SCRATCH");
  const std::string text = output_of(job);
  EXPECT_THAT(text, StartsWith("700\n"));
  const std::string path = text.substr(4, text.find('\n', 4) - 4);
  EXPECT_EQ(text, "700\n" + path + "\n" + path + "\n");
  EXPECT_THAT(path, StartsWith(folder_ / "fugle-run-1-"));
  EXPECT_THAT(path, EndsWith("/0-1"));
  EXPECT_FALSE(fs::exists(path));
}

TEST_F(AttemptLifeTest, scratch_goes_after_failures_timeouts_and_kills_too) {
  EXPECT_EQ(run(with_scratch("touch $FUGLE_SCRATCH/a; exit 3", 1)).exit, 3);
  Job slow = with_scratch("touch $FUGLE_SCRATCH/a; sleep 60", 2);
  slow.task.timeout = 200ms;
  EXPECT_EQ(run(slow).cls, FailureClass::timeout);
  EXPECT_EQ(run(with_scratch("touch $FUGLE_SCRATCH/a; kill -9 $$", 3)).exit, -SIGKILL);
  ASSERT_EQ(node_folders().size(), 1u);
  EXPECT_TRUE(fs::is_empty(node_folders()[0]));
}

TEST_F(AttemptLifeTest, removing_scratch_follows_no_link_and_enters_what_is_forbidden) {
  fs::create_directory(folder_ / "precious");
  write_text(folder_ / "precious/file", "stays");
  const Job job = with_scratch("cd $FUGLE_SCRATCH; ln -s " + (folder_ / "precious") +
                               " link; mkdir -p a/b; ln -s ../../.. a/b/up; touch a/b/f; chmod 0 a/b a .");
  EXPECT_EQ(run(job).reason, "");
  EXPECT_EQ(read_text(folder_ / "precious/file"), "stays");
  EXPECT_TRUE(fs::is_empty(node_folders().at(0)));
}

TEST_F(AttemptLifeTest, a_scratch_tree_deeper_than_descriptors_go_is_removed) {
  start(with_scratch("echo $FUGLE_SCRATCH > where; until test -e go; do sleep 0.01; done"));
  ASSERT_TRUE(becomes_true([&] { return read_text(folder_ / "where").ends_with('\n'); }));
  std::string path = read_text(folder_ / "where");
  path.pop_back();
  int at = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  for (int level = 0; level < 1100; ++level) {
    ASSERT_EQ(::mkdirat(at, "directory", 0700), 0);
    const int next = ::openat(at, "directory", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ::close(at);
    at = next;
  }
  ::close(at);
  write_text(folder_ / "go", "");
  EXPECT_EQ(ended().reason, "");
  EXPECT_TRUE(fs::is_empty(node_folders().at(0)));
}

TEST_F(AttemptLifeTest, neighbours_run_while_a_large_scratch_is_removed) {
  start(with_scratch("cd $FUGLE_SCRATCH; seq 1 10000 | xargs touch", 1));
  next(AttemptReport::Kind::started);
  for (std::uint32_t element = 2;; ++element) {
    start(shell("true", element));
    if (ended().element == ElementId(1)) break;
    ASSERT_LT(element, 100'000u);
  }
  EXPECT_TRUE(fs::is_empty(node_folders().at(0)));
}

TEST_F(AttemptLifeTest, a_place_that_can_not_hold_scratch_is_setup_with_words) {
  Job job = with_scratch("true");
  job.task.scratch_root = folder_ / "nowhere";
  const AttemptReport report = run(job);
  EXPECT_EQ(report.cls, FailureClass::setup);
  EXPECT_THAT(report.reason, HasSubstr("cannot make a directory in '" + (folder_ / "nowhere")));
}

TEST_F(AttemptLifeTest, a_node_with_less_room_than_scratch_wants_is_infrastructure) {
  Job job = with_scratch("touch ran");
  job.task.scratch_bytes = std::uint64_t{1} << 60;
  const AttemptReport report = run(job);
  EXPECT_EQ(report.cls, FailureClass::launch);
  EXPECT_THAT(report.reason, HasSubstr("and it wants 1024.0P"));
  EXPECT_FALSE(fs::exists(folder_ / "ran"));
  job.element = 1;
  job.task.scratch_bytes = 1;
  EXPECT_EQ(run(job).reason, "");
}

TEST_F(AttemptLifeTest, the_next_life_removes_scratch_that_nobody_holds_any_more) {
  executor_.reset();
  spawner_.reset();  // nobody looks for leftovers while they are made
  const std::string left = folder_ / (node_folder_beginning("run-1") + "abcdef");
  const std::string held = folder_ / (node_folder_beginning("run-1") + "ghijkl");
  const std::string other = folder_ / (node_folder_beginning("run-2") + "abcdef");
  for (const std::string& path : {left, held, other}) fs::create_directories(path + "/5-1/sub");
  const int lock = ::open(held.c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_EQ(::flock(lock, LOCK_EX), 0);
  ExecutorTest::restart(options());
  EXPECT_TRUE(becomes_true([&] { return !fs::exists(left); }));
  EXPECT_TRUE(fs::exists(held + "/5-1/sub")) << "of another worker on this node";
  EXPECT_TRUE(fs::exists(other + "/5-1/sub")) << "of another run";
  ::close(lock);
}

TEST_F(AttemptLifeTest, a_killed_rank_leaves_no_scratch) {
  const Job job = with_scratch("touch $FUGLE_SCRATCH/file; echo ready > up; sleep 60");
  executor_.reset();
  spawner_.reset();
  const pid_t rank = ::fork();
  if (rank == 0) {
    Spawner spawner(FUGLE_SPAWNER_PROGRAM);
    ProcessExecutor executor(spawner, options());
    executor.start(job.launch());
    ::pause();
    ::_exit(0);
  }
  ASSERT_TRUE(becomes_true([&] { return read_text(folder_ / "up") == "ready\n"; }));
  EXPECT_EQ(node_folders().size(), 1u);
  ::kill(rank, SIGKILL);
  ::waitpid(rank, nullptr, 0);
  EXPECT_TRUE(becomes_true([&] { return node_folders().empty(); }));
}

TEST_F(AttemptLifeTest, cleanup_runs_after_every_end_before_it_is_told) {
  const std::string cleanup = "echo cleaned; touch cleaned-$FUGLE_ELEMENT";
  EXPECT_EQ(run(with_cleanup("true", cleanup, 1)).reason, "");
  EXPECT_EQ(run(with_cleanup("exit 3", cleanup, 2)).reason, "exit code 3");
  Job slow = with_cleanup("sleep 60", cleanup, 3);
  slow.task.timeout = 100ms;
  EXPECT_EQ(run(slow).cls, FailureClass::timeout);
  EXPECT_EQ(run(with_cleanup("kill -9 $$", cleanup, 4)).cls, FailureClass::signal);
  const Job stopped = with_cleanup("touch up; sleep 60", cleanup, 5);
  start(stopped);
  ASSERT_TRUE(becomes_true([&] { return fs::exists(folder_ / "up"); }));
  stop(stopped);
  EXPECT_EQ(ended().cls, FailureClass::cancelled);
  for (int element = 1; element <= 5; ++element) {
    EXPECT_TRUE(fs::exists(folder_ / fmt::format("cleaned-job[{}]", element)));
    EXPECT_EQ(output(shell("", static_cast<std::uint32_t>(element))), "cleaned\n");
  }
}

TEST_F(AttemptLifeTest, cleanup_does_not_run_for_what_never_ran) {
  Job job = with_cleanup("true", "touch " + (folder_ / "cleaned"));
  job.text.workdir = "/proc/gone";  // where nobody can make it
  EXPECT_EQ(run(job).cls, FailureClass::setup);
  Job absent = program({"no-such-program"}, 1);
  absent.task.has_cleanup = true;
  absent.text.cleanup = "touch " + (folder_ / "cleaned");
  EXPECT_EQ(run(absent).exit, 127);
  EXPECT_FALSE(fs::exists(folder_ / "cleaned"));
}

TEST_F(AttemptLifeTest, cleanup_of_a_command_without_a_shell_is_a_script_all_the_same) {
  Job job = program({"/bin/echo", "ran"});
  job.task.has_cleanup = true;
  job.text.cleanup = "for i in 1 2; do echo cleanup $i; done";
  EXPECT_EQ(output_of(job), "ran\ncleanup 1\ncleanup 2\n");
}

TEST_F(AttemptLifeTest, a_failing_cleanup_adds_a_note_and_keeps_the_class) {
  const Job job = with_cleanup("echo ran", "exit 3");
  const AttemptReport report = run(job);
  EXPECT_EQ(report.cls, FailureClass::none);
  EXPECT_EQ(report.reason, "cleanup failed: exit code 3");
  EXPECT_EQ(output(job), "ran\n[fugle: cleanup failed: exit code 3]\n");
}

TEST_F(AttemptLifeTest, a_cleanup_has_the_grace_and_is_killed_then_with_all_it_started) {
  Job job = with_cleanup("true", "(trap '' TERM; echo $BASHPID > pid; sleep 60) & sleep 60; touch late");
  job.task.grace = 200ms;
  const AttemptReport report = run(job);
  EXPECT_EQ(report.cls, FailureClass::none);
  EXPECT_THAT(report.reason, HasSubstr("longer than 'grace'"));
  EXPECT_FALSE(fs::exists(folder_ / "late"));
  const pid_t left = read_pid(folder_ / "pid");
  EXPECT_TRUE(becomes_true([&] { return !is_alive(left); }));
}

TEST_F(AttemptLifeTest, on_a_shutdown_a_cleanup_has_what_the_program_left_of_the_grace) {
  Job quick = with_cleanup("touch up; sleep 60", "touch cleaned", 1);
  start(quick);
  ASSERT_TRUE(becomes_true([&] { return fs::exists(folder_ / "up"); }));
  executor_->stop(ElementId(1), scheduler::StopReason::shutdown);
  EXPECT_EQ(ended().reason, "stopped: the run is ending");
  EXPECT_TRUE(fs::exists(folder_ / "cleaned"));

  Job stubborn = with_cleanup("trap '' TERM; touch stubborn; while :; do sleep 0.05; done", "touch cleaned-too", 2);
  stubborn.task.grace = 200ms;
  start(stubborn);
  ASSERT_TRUE(becomes_true([&] { return fs::exists(folder_ / "stubborn"); }));
  executor_->stop(ElementId(2), scheduler::StopReason::shutdown);
  EXPECT_THAT(ended().reason, HasSubstr("cleanup not run: the grace was over"));
  EXPECT_FALSE(fs::exists(folder_ / "cleaned-too"));
}

TEST_F(AttemptLifeTest, a_follower_waits_for_the_cleanup_of_its_predecessor) {
  start(with_cleanup("true", "sleep 0.2; touch cleaned", 1));
  executor_->start_after(shell("test -e cleaned", 2).launch(), ElementId(1));
  EXPECT_EQ(ended().element, ElementId(1));
  EXPECT_EQ(ended().cls, FailureClass::none);
}

TEST_F(AttemptLifeTest, cleanup_still_has_the_scratch_directory) {
  Job job = with_cleanup("echo data > $FUGLE_SCRATCH/file", "cat $FUGLE_SCRATCH/file");
  job.task.has_scratch = true;
  EXPECT_EQ(output_of(job), "data\n");
  EXPECT_TRUE(fs::is_empty(node_folders().at(0)));
}

TEST_F(AttemptLifeTest, a_task_of_finally_is_told_the_state_of_the_run) {
  Job job = shell("echo $FUGLE_RUN_STATE " + std::string{graph::kSlot} + "r0" + graph::kSlot);
  scheduler::Launch launch = job.launch();
  launch.run_state = "FAILED";
  executor_->start(launch);
  EXPECT_EQ(ended().reason, "");
  EXPECT_EQ(output(job), "FAILED FAILED\n");
}

TEST_F(AttemptLifeTest, bytes_written_to_storage_are_counted_with_those_of_children) {
  const AttemptReport report = run(shell("(head -c 3000000 /dev/zero > file; sync file); true"));
  if (report.written_bytes == 0) GTEST_SKIP() << "the file system of " << folder_.path() << " does not count";
  EXPECT_GE(report.written_bytes, 3'000'000u);
  EXPECT_LT(report.written_bytes, 6'000'000u);
}

TEST_F(AttemptLifeTest, output_beyond_the_limit_is_dropped_but_for_its_end_and_said) {
  ExecutorOptions limited = options();
  limited.max_log_bytes = 1 << 20;
  ExecutorTest::restart(limited);
  const Job job = shell("echo begin; head -c 30000000 /dev/zero | tr '\\0' x; echo; echo the last words; exit 3");
  start(shell("for ((i = 0; i < 50; ++i)); do echo line $i; done", 1));
  start(job);
  AttemptReport report = ended();
  if (report.element != ElementId(0)) report = ended();
  EXPECT_THAT(report.reason, StartsWith("exit code 3; 27.6M of its output were dropped"));
  const std::string text = output(job);
  EXPECT_LT(text.size(), (1u << 20) + 1000);
  EXPECT_GT(text.size(), 1u << 20);
  EXPECT_THAT(text, StartsWith("begin\nxxx"));
  EXPECT_THAT(text, HasSubstr("\n[fugle: output of this attempt exceeds its limit of 1048576 bytes"));
  EXPECT_THAT(text, HasSubstr("bytes were dropped here"));
  EXPECT_THAT(text, EndsWith("x\nthe last words\n"));
  EXPECT_THAT(output(shell("", 1)), EndsWith("line 49\n"));
}

TEST_F(AttemptLifeTest, the_memory_of_the_spawner_does_not_grow_with_the_output) {
  if (kIsSanitized) GTEST_SKIP() << "memory is the sanitizer's here";
  ExecutorOptions limited = options();
  limited.max_log_bytes = 1 << 20;
  ExecutorTest::restart(limited);
  run(shell("head -c 20000000 /dev/zero", 1));
  const auto size = [&] {
    const std::string status = read_text(fmt::format("/proc/{}/status", spawner_->pid()));
    return std::stol(status.substr(status.find("VmHWM:") + 6));
  };
  const long before = size();
  const char* megabytes = std::getenv("FUGLE_TEST_FLOOD_MB");
  run(shell(fmt::format("head -c {}M /dev/zero", megabytes == nullptr ? "300" : megabytes), 2));
  EXPECT_LT(size(), before + 512) << "KiB";
}

TEST_F(AttemptLifeTest, logs_are_not_written_through_links) {
  executor_.reset();
  write_text(folder_ / "outside", "untouched");
  fs::remove(folder_ / "logs/worker-3.log");
  fs::create_symlink(folder_ / "outside", folder_ / "logs/worker-3.log");
  EXPECT_ANY_THROW(ExecutorTest::restart(options()));
  EXPECT_EQ(read_text(folder_ / "outside"), "untouched");
}

TEST_F(AttemptLifeTest, a_log_that_becomes_a_link_before_the_spawner_opens_it_is_not_followed) {
  executor_.reset();
  spawner_.emplace(FUGLE_SPAWNER_PROGRAM);
  ::kill(spawner_->pid(), SIGSTOP);
  executor_.emplace(*spawner_, options());
  fs::remove(folder_ / "logs/worker-3.log");
  fs::create_symlink(folder_ / "outside", folder_ / "logs/worker-3.log");
  ::kill(spawner_->pid(), SIGCONT);
  EXPECT_THAT(run(shell("echo text")).reason, HasSubstr("could not be written to the log"));
  EXPECT_FALSE(fs::exists(folder_ / "outside"));
}

class SettlingTest : public AttemptLifeTest {
 protected:
  void SetUp() override {
    ExecutorOptions with_network = options();
    with_network.settle_limit = 400ms;
    with_network.is_on_network = [this](const std::string& path) { return path == folder_.path() + "/net"; };
    ExecutorTest::restart(with_network);
    fs::create_directory(folder_ / "net");
  }
  [[nodiscard]] Job forgetful(const std::string& path) const {
    Job job = shell("true");
    add_output(job, "o", path);
    return job;
  }
};

TEST_F(SettlingTest, an_output_that_is_late_on_a_network_file_system_is_waited_for) {
  const Job job = forgetful(folder_ / "net/out");
  start(job);
  next(AttemptReport::Kind::started);
  for (int i = 0; i < 10; ++i) {  // it has ended by then, as a rule
    ::usleep(10'000);
    executor_->poll(reports_);
  }
  EXPECT_TRUE(reports_.empty());
  write_text(folder_ / "net/.1-out", "late");
  const AttemptReport report = ended();
  EXPECT_EQ(report.cls, FailureClass::none);
  EXPECT_EQ(read_text(folder_ / "net/out"), "late");
}

TEST_F(SettlingTest, an_output_that_never_comes_is_missing_in_the_end) {
  const AttemptReport report = run(forgetful(folder_ / "net/out"));
  EXPECT_EQ(report.cls, FailureClass::output);
  EXPECT_THAT(report.reason, HasSubstr("is missing"));
}

TEST_F(SettlingTest, on_a_local_file_system_and_after_a_failure_nothing_is_waited_for) {
  ExecutorOptions patient = options();
  patient.settle_limit = 1h;
  patient.is_on_network = [](const std::string& path) { return path.ends_with("/net"); };
  ExecutorTest::restart(patient);
  EXPECT_EQ(run(forgetful(folder_ / "out")).cls, FailureClass::output);
  Job failing = forgetful(folder_ / "net/out");
  failing.text.command = {"exit 3"};
  EXPECT_EQ(run(failing).cls, FailureClass::error);
}

TEST_F(SettlingTest, others_go_on_meanwhile_and_a_stop_ends_the_waiting) {
  ExecutorOptions patient = options();
  patient.settle_limit = 1h;
  patient.is_on_network = [](const std::string& path) { return path.ends_with("/net"); };
  ExecutorTest::restart(patient);
  start(forgetful(folder_ / "net/out"));
  EXPECT_EQ(run(shell("true", 1)).element, ElementId(1));
  ::usleep(50'000);
  executor_->poll(reports_);
  stop(shell("", 0));
  EXPECT_EQ(ended().element, ElementId(0));
}

}  // namespace
}  // namespace fugle::executor
