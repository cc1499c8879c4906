// Children that do not want to end, against the real spawner: each is gone when its attempt has ended, and when the
// rank has died, however fast it forks. Their neighbours go on.
//
// The children are this test program itself, started again with FUGLE_TEST_HOSTILE in its environment: then it does
// what that names and never gets to the tests. A shell would be too slow and too polite.
#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <linux/close_range.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <set>

#include "unit/executor/executor_fixture.hpp"

namespace fugle::testing {
namespace {

constexpr int kMostOfABomb = 400;       // this machine has other users: nothing here grows without a limit
constexpr int kMostOfAComet = 200'000;  // a minute of them
constexpr unsigned kLongestLife = 120;  // seconds, should they not be caught

/// How many forks all descendants of one hostile child have made together.
class SharedCount {
 public:
  SharedCount()
      : count_(static_cast<std::atomic<int>*>(
            ::mmap(nullptr, sizeof(std::atomic<int>), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {}
  [[nodiscard]] bool may_grow(int limit) { return count_ != MAP_FAILED && count_->fetch_add(1) < limit; }

 private:
  std::atomic<int>* count_;
};

[[noreturn]] void wait_long() {
  for (unsigned left = kLongestLife; left > 0;) left = ::sleep(left);
  ::_exit(0);
}

void write_pid(const char* file) {
  const int fd = ::open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  const std::string text = std::to_string(::getpid()) + "\n";
  (void)!::write(fd, text.data(), text.size());
  ::close(fd);
}

void be_daemon(const char* file) {
  for (int i = 0; i < 2; ++i) {
    if (::fork() != 0) ::_exit(0);
    ::setsid();
  }
  const std::string write_and_wait = fmt::format("echo $$ > {}; exec -a innocent sleep 120", file);
  const char* argv[] = {"bash", "-c", write_and_wait.c_str(), nullptr};
  const char* environment[] = {"PATH=/usr/bin:/bin", nullptr};
  ::execve("/bin/bash", const_cast<char**>(argv), const_cast<char**>(environment));
}

void be_comet(const char* file) {
  SharedCount count;
  write_pid(file);
  while (count.may_grow(kMostOfAComet)) {
    if (::fork() != 0) ::_exit(0);
    ::setsid();
  }
}

/// Doubles until there are as many as may be; then whoever is killed is not replaced.
void be_bomb(const char* file) {
  SharedCount count;
  while (count.may_grow(kMostOfABomb)) {
    if (::fork() == 0) ::setsid();
  }
  write_pid(file);
  wait_long();
}

void be_mute(const char* file) {
  write_pid(file);
  ::syscall(SYS_close_range, 0u, ~0u, 0u);
  wait_long();
}

void be_frozen(const char* file) {
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_IGN);
  write_pid(file);
  ::kill(0, SIGSTOP);
  wait_long();
}

void be_vfork(const char* file) {
  if (::vfork() == 0) {
    ::setsid();
    const char* argv[] = {"sleep", "120", nullptr};
    const char* environment[] = {nullptr};
    ::execve("/bin/sleep", const_cast<char**>(argv), const_cast<char**>(environment));
    ::_exit(127);
  }
  write_pid(file);
}

/// Before main(), so that no test runs in such a child.
[[gnu::constructor]] void become_hostile() {
  const char* kind = std::getenv("FUGLE_TEST_HOSTILE");
  const char* file = std::getenv("FUGLE_TEST_HOSTILE_FILE");
  if (kind == nullptr || file == nullptr) return;
  const std::string_view wanted = kind;
  if (wanted == "daemon") be_daemon(file);
  if (wanted == "comet") be_comet(file);
  if (wanted == "bomb") be_bomb(file);
  if (wanted == "mute") be_mute(file);
  if (wanted == "frozen") be_frozen(file);
  if (wanted == "vfork") be_vfork(file);
  ::_exit(0);
}

}  // namespace

/// The words of a command that becomes such a child; `file` is where it writes a pid once it is up.
std::vector<std::string> hostile_command(const std::string& kind, const std::string& file) {
  return {"/usr/bin/env", "FUGLE_TEST_HOSTILE=" + kind, "FUGLE_TEST_HOSTILE_FILE=" + file,
          std::filesystem::read_symlink("/proc/self/exe").string()};
}

}  // namespace fugle::testing

namespace fugle::executor {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

/// Pids of this test program's kind: the hostile children it made, by the file they run from and their environment.
std::set<pid_t> hostile_processes(const std::string& file) {
  std::set<pid_t> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    if (read_text(entry.path() / "environ").find("FUGLE_TEST_HOSTILE_FILE=" + file) == std::string::npos) continue;
    const auto pid = static_cast<pid_t>(std::stol(name));
    if (is_alive(pid)) found.insert(pid);
  }
  return found;
}

class HostileChildTest : public ExecutorTest {
 protected:
  [[nodiscard]] Job hostile(const std::string& kind, std::uint32_t element = 0) const {
    return program(testing::hostile_command(kind, folder_ / kind), element);
  }
  void wait_for(const std::string& kind) {
    ASSERT_TRUE(becomes_true([&] { return read_text(folder_ / kind).ends_with('\n'); }));
  }
  pid_t pid_of(const std::string& kind) { return read_pid(folder_ / kind); }
  [[nodiscard]] bool are_all_gone(const std::string& kind) const {
    return becomes_true([&] { return hostile_processes(folder_ / kind).empty(); });
  }
  /// Of the spawner.
  [[nodiscard]] std::ptrdiff_t num_children() const {
    const std::string children = read_text(fmt::format("/proc/{0}/task/{0}/children", spawner_->pid()));
    return std::count(children.begin(), children.end(), ' ');
  }
  /// Runs a neighbour for the time of `body` and expects that it ends well.
  template <class Body>
  void beside_a_neighbour(Body body) {
    start(shell("echo up; until test -e go; do sleep 0.01; done; echo whole", 1000));
    next(AttemptReport::Kind::started);
    body();
    write_text(folder_ / "go", "");
    const AttemptReport report = ended();
    EXPECT_EQ(report.element, ElementId(1000));
    EXPECT_EQ(report.reason, "");
    EXPECT_EQ(output(shell("", 1000)), "up\nwhole\n");
  }
};

TEST_F(HostileChildTest, a_daemon_without_environment_is_gone_with_its_attempt_though_others_run) {
  beside_a_neighbour([&] {
    EXPECT_EQ(run(hostile("daemon")).cls, FailureClass::none);
    EXPECT_TRUE(becomes_true([&] { return num_children() == 1; })) << "the neighbour";
  });
}

TEST_F(HostileChildTest, a_daemon_that_is_up_dies_before_the_end_is_told) {
  Job job =
      shell(fmt::format("{}; until test -s {}; do sleep 0.01; done",
                        fmt::join(testing::hostile_command("daemon", folder_ / "daemon"), " "), folder_ / "daemon"));
  beside_a_neighbour([&] {
    EXPECT_EQ(run(job).cls, FailureClass::none);
    const pid_t daemon = pid_of("daemon");
    for (int i = 0; i < 20 && is_alive(daemon); ++i)
      ::usleep(1000);  // it was killed; its last moments are the kernel's
    EXPECT_FALSE(is_alive(daemon));
  });
}

TEST_F(HostileChildTest, daemons_are_gone_when_the_rank_dies) {
  executor_.reset();
  spawner_.reset();
  const pid_t rank = ::fork();
  if (rank == 0) {
    Spawner spawner(FUGLE_SPAWNER_PROGRAM);
    ProcessExecutor executor(spawner, options());
    executor.start(shell("until test -e never; do sleep 1; done", 1).launch());
    executor.start(
        shell(fmt::format("{}; sleep 60", fmt::join(testing::hostile_command("daemon", folder_ / "daemon"), " ")), 2)
            .launch());
    ::pause();
    ::_exit(0);
  }
  wait_for("daemon");
  const pid_t daemon = pid_of("daemon");
  ::kill(rank, SIGKILL);
  ::waitpid(rank, nullptr, 0);
  EXPECT_TRUE(becomes_true([&] { return !is_alive(daemon); }));
}

TEST_F(HostileChildTest, a_chain_of_processes_of_which_only_one_is_ever_there_is_caught) {
  beside_a_neighbour([&] {
    start(hostile("comet"));
    wait_for("comet");
    stop(hostile("comet"));
    EXPECT_EQ(ended().element, ElementId(0));
    EXPECT_TRUE(are_all_gone("comet"));
  });
}

TEST_F(HostileChildTest, a_fork_bomb_ends_with_its_attempt) {
  beside_a_neighbour([&] {
    Job job = hostile("bomb");
    job.task.grace = 0s;
    start(job);
    wait_for("bomb");
    stop(job);
    EXPECT_EQ(ended().cls, FailureClass::cancelled);
    EXPECT_TRUE(are_all_gone("bomb"));
  });
}

TEST_F(HostileChildTest, a_fork_bomb_ends_with_its_rank) {
  start(hostile("bomb"));
  wait_for("bomb");
  executor_.reset();
  spawner_.reset();
  EXPECT_TRUE(are_all_gone("bomb"));
}

TEST_F(HostileChildTest, a_child_that_closes_everything_is_watched_all_the_same) {
  Job job = hostile("mute");
  job.task.timeout = 300ms;
  job.task.grace = 100ms;
  EXPECT_EQ(run(job).cls, FailureClass::timeout);
  EXPECT_FALSE(is_alive(pid_of("mute")));
}

TEST_F(HostileChildTest, a_group_that_stops_itself_and_ignores_all_signals_ends_at_its_timeout) {
  Job job = hostile("frozen");
  job.task.timeout = 300ms;
  job.task.grace = 100ms;
  const AttemptReport report = run(job);
  EXPECT_EQ(report.cls, FailureClass::timeout);
  EXPECT_LT(report.end - report.start, 20s);
  EXPECT_FALSE(is_alive(pid_of("frozen")));
}

TEST_F(HostileChildTest, a_child_of_vfork_in_a_session_of_its_own_ends_too) {
  beside_a_neighbour([&] {
    EXPECT_EQ(run(hostile("vfork")).cls, FailureClass::none);
    EXPECT_TRUE(becomes_true([&] { return num_children() == 1; })) << "the neighbour";
  });
}

TEST_F(HostileChildTest, a_spawner_that_was_stopped_by_a_child_is_woken) {
  EXPECT_EQ(run(shell("kill -STOP $PPID; sleep 0.1; exit 3")).exit, 3);
}

TEST_F(HostileChildTest, a_spawner_that_was_killed_by_a_child_loses_its_attempts_and_no_more) {
  EXPECT_EQ(run(shell("kill -KILL $PPID; sleep 60")).cls, FailureClass::lost);
  EXPECT_TRUE(executor_->is_broken());
}

TEST_F(HostileChildTest, of_many_children_at_once_each_holds_its_three_descriptors_and_has_the_users_limit) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  constexpr std::uint32_t kCount = 300;
  for (std::uint32_t element = 0; element < kCount; ++element)
    start(shell("echo /proc/self/fd/*; ulimit -Sn; until test -e go; do sleep 0.2; done", element));
  for (std::uint32_t element = 0; element < kCount; ++element) next(AttemptReport::Kind::started);
  write_text(folder_ / "go", "");
  for (std::uint32_t element = 0; element < kCount; ++element) ASSERT_EQ(ended().reason, "");
  const std::string expected =
      fmt::format("/proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 /proc/self/fd/3\n{}\n", limit.rlim_cur);
  for (std::uint32_t element = 0; element < kCount; ++element)
    ASSERT_EQ(output(shell("", element)), expected) << "3: the directory the shell reads";
}

TEST_F(HostileChildTest, many_short_children_in_a_row_leave_nothing_behind) {
  if (kIsSanitized) GTEST_SKIP() << "memory is the sanitizer's here";
  const char* wanted = std::getenv("FUGLE_TEST_CHILDREN");
  const auto count = static_cast<std::uint32_t>(wanted == nullptr ? 2000 : std::atoi(wanted));
  const auto descriptors = [&] {
    const std::filesystem::directory_iterator fds(fmt::format("/proc/{}/fd", spawner_->pid()));
    return std::distance(begin(fds), end(fds));
  };
  const auto resident_kb = [](pid_t pid) {
    const std::string status = read_text(fmt::format("/proc/{}/status", pid));
    return std::stol(status.substr(status.find("VmRSS:") + 6));
  };
  const auto run_some = [&](std::uint32_t first, std::uint32_t last) {
    std::uint32_t running = 0;
    for (std::uint32_t element = first; element < last || running > 0;) {
      for (; element < last && running < 4; ++element, ++running) start(program({"/bin/true"}, element));
      ASSERT_EQ(ended().cls, FailureClass::none);
      --running;
      std::erase_if(reports_, [](const auto& report) { return report.kind == AttemptReport::Kind::started; });
    }
  };
  run_some(0, 500);  // what grows once
  const auto descriptors_before = descriptors();
  const long spawner_before = resident_kb(spawner_->pid());
  const long rank_before = resident_kb(::getpid());
  run_some(500, 500 + count);
  EXPECT_EQ(descriptors(), descriptors_before);
  EXPECT_LE(resident_kb(spawner_->pid()), spawner_before + 256);
  EXPECT_LE(resident_kb(::getpid()), rank_before + 512);
  EXPECT_EQ(read_text(fmt::format("/proc/{0}/task/{0}/children", spawner_->pid())), "");
  if (wanted != nullptr)
    fmt::print("{} children: spawner {} -> {} KiB, this process {} -> {} KiB, descriptors of the spawner {}\n", count,
               spawner_before, resident_kb(spawner_->pid()), rank_before, resident_kb(::getpid()), descriptors());
}

}  // namespace
}  // namespace fugle::executor
