// Memory limits of attempts: by the watcher, which is there everywhere, and by control groups where this machine lets
// us make them. The same promises of both: the attempt is gone within two seconds, its end has the peak, its
// neighbours do not notice.
#include <sys/wait.h>
#include <unistd.h>

#include "unit/executor/executor_fixture.hpp"

namespace fugle::executor {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class MemoryLimitTest : public ExecutorTest {
 protected:
  void use_control_groups(bool is_wanted) {
    ExecutorOptions changed = options();
    changed.uses_control_groups = is_wanted;
    restart(changed);
  }
  [[nodiscard]] Job limited(const std::string& script, std::uint64_t bytes, std::uint32_t element = 0) const {
    Job job = shell(script, element);
    job.task.request.mem_bytes = bytes;
    return job;
  }
  /// Of this process's children that are in a control group made for them.
  bool makes_control_groups() {
    Job job = limited("grep -c fugle- /proc/self/cgroup || true", 100 << 20, 99);
    return output_of(job) != "0\n";
  }
  pid_t pid_in(const std::string& file) { return read_pid(folder_ / file); }
  static bool dies(pid_t pid) {
    return becomes_true([pid] { return !is_alive(pid); });
  }

  /// The promises, with whatever keeps the limit.
  void expect_greedy_is_ended_and_modest_is_not() {
    const Job modest = limited("x=$(head -c 10000000 /dev/zero | tr '\\0' x); sleep 60", 200 << 20, 2);
    start(modest);
    const AttemptReport report = run(limited("x=$(head -c 100000000 /dev/zero | tr '\\0' x); sleep 30", 50 << 20, 1));
    EXPECT_EQ(report.element, ElementId(1));
    EXPECT_EQ(report.cls, FailureClass::oom);
    EXPECT_THAT(report.reason, HasSubstr("limit"));
    EXPECT_THAT(report.reason, HasSubstr("50.0M"));
    EXPECT_LT(report.end - report.start, 20s) << "and did not sleep on";
    stop(modest);
    EXPECT_EQ(ended().cls, FailureClass::cancelled);
  }
};

TEST_F(MemoryLimitTest, a_task_that_takes_more_than_it_asked_for_is_ended_by_the_watcher) {
  use_control_groups(false);
  expect_greedy_is_ended_and_modest_is_not();
}

TEST_F(MemoryLimitTest, a_task_that_takes_more_than_it_asked_for_is_ended_by_its_control_group) {
  if (!makes_control_groups()) GTEST_SKIP() << "no control group with a memory limit can be made here";
  expect_greedy_is_ended_and_modest_is_not();
}

TEST_F(MemoryLimitTest, the_peak_is_that_of_all_processes_together) {
  use_control_groups(false);
  const std::string hold =
      "x=$(head -c 30000000 /dev/zero | tr '\\0' x); touch held.$i; "
      "until [ -e held.1 ] && [ -e held.2 ]; do sleep 0.1; done; sleep 1";
  const AttemptReport report = run(limited("for i in 1 2; do (" + hold + ") & done; wait", 1 << 30));
  EXPECT_EQ(report.cls, FailureClass::none);
  EXPECT_GT(report.maxrss_kb, 60'000u);
}

TEST_F(MemoryLimitTest, a_daemon_counts_for_the_attempt_that_started_it) {
  use_control_groups(false);
  const AttemptReport report = run(limited(
      "(env -i /usr/bin/setsid /bin/bash -c 'echo $$ > daemon; x=$(head -c 100000000 /dev/zero | tr \"\\0\" x); "
      "sleep 60' &) ; sleep 60",
      50 << 20));
  EXPECT_EQ(report.cls, FailureClass::oom);
  EXPECT_TRUE(dies(pid_in("daemon")));
}

TEST_F(MemoryLimitTest, a_parent_that_hides_that_its_child_was_killed_for_memory_fails_all_the_same) {
  if (!makes_control_groups()) GTEST_SKIP() << "no control group with a memory limit can be made here";
  start(shell("sleep 60", 1));  // what else runs does not blur it
  const AttemptReport report = run(limited("tail /dev/zero || exit 0", 50 << 20, 2));
  EXPECT_EQ(report.element, ElementId(2));
  EXPECT_EQ(report.cls, FailureClass::oom);
  EXPECT_THAT(report.reason, HasSubstr("50.0M"));
  stop(shell("", 1));
  ended();
}

TEST_F(MemoryLimitTest, control_groups_are_gone_when_their_attempts_are) {
  if (!makes_control_groups()) GTEST_SKIP() << "no control group with a memory limit can be made here";
  const Job job = limited("(env -i setsid sleep 60 &) ; grep fugle- /proc/self/cgroup | cut -d: -f3", 100 << 20);
  std::string path = output_of(job);
  ASSERT_TRUE(path.ends_with('\n'));
  path.pop_back();
  for (const char* root : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/memory"})
    EXPECT_TRUE(becomes_true([&] { return !std::filesystem::exists(root + path); })) << root + path;
}

/// A control group with little memory, where this machine lets us make one (version 1, as root).
class SmallGroup {
 public:
  SmallGroup() {
    const std::string groups = read_text("/proc/self/cgroup");
    const std::size_t at = groups.find(":memory:");
    if (at == std::string::npos) return;
    const std::size_t begin = at + std::string(":memory:").size();
    path_ = "/sys/fs/cgroup/memory" + groups.substr(begin, groups.find('\n', begin) - begin) + "/fugle-test-" +
            std::to_string(::getpid());
    std::error_code error;
    if (!std::filesystem::create_directory(path_, error))
      path_.clear();
    else
      write_text(path_ + "/memory.limit_in_bytes", "40000000");
  }
  ~SmallGroup() {
    if (is_there()) becomes_true([this] { return ::rmdir(path_.c_str()) == 0; });
  }
  SmallGroup(const SmallGroup&) = delete;
  SmallGroup& operator=(const SmallGroup&) = delete;
  [[nodiscard]] bool is_there() const { return !path_.empty(); }
  void enter() const { write_text(path_ + "/cgroup.procs", std::to_string(::getpid())); }

 private:
  std::string path_;
};

TEST_F(MemoryLimitTest, a_task_that_hides_that_the_kernel_killed_its_child_for_memory_fails_all_the_same) {
  if (kIsSanitized) GTEST_SKIP() << "memory is the sanitizer's here";
  const SmallGroup group;
  if (!group.is_there()) GTEST_SKIP() << "cannot make a memory control group here (needs root and version 1)";
  const pid_t rank = ::fork();
  if (rank == 0) {
    group.enter();
    use_control_groups(false);
    const FailureClass harmless = run(shell("true", 1)).cls;
    const FailureClass hidden = run(shell("tail /dev/zero || exit 0", 2)).cls;
    spawner_.reset();
    ::_exit(harmless == FailureClass::none && hidden == FailureClass::oom ? 0 : 1);
  }
  int status = -1;
  ::waitpid(rank, &status, 0);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace fugle::executor
