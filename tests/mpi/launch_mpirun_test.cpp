// The front-end with the real mpirun. This program plays all parts: the test, `front-end RANKS PART` which starts
// mpirun, and `rank PART`, what mpirun runs.
#include "app/launch_mpirun.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "app/front_end.hpp"
#include "app/own_children.hpp"
#include "base/error.hpp"
#include "transport/mpi_transport.hpp"

namespace fugle::app {
namespace {

using ::testing::HasSubstr;

constexpr int kNoStatus = 99;
const std::string kThisProgram = "/proc/self/exe";

// ---- what the ranks do ----

void say(const std::string& text) { (void)!::write(STDOUT_FILENO, text.data(), text.size()); }

int play_rank(const std::string& part) {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM}) sigaddset(&signals, signal);
  ::sigprocmask(SIG_BLOCK, &signals, nullptr);
  if (part == "stillborn" && std::string_view(::getenv("OMPI_COMM_WORLD_RANK")) == "1") ::kill(::getpid(), SIGKILL);
  FrontEndLink link;
  transport::MpiTransport transport;
  (void)transport.broadcast("");
  if (transport.self() == WorkerId(0)) {
    say(fmt::format("rank 0 of {} joined={} tty={} pid={}\n", transport.num_ranks(), link.is_joined(),
                    ::isatty(STDOUT_FILENO), ::getpid()));
    if (part == "read") {
      std::array<char, 64> text{};
      const ssize_t count = ::read(STDIN_FILENO, text.data(), text.size());
      say("read " + std::string(text.data(), static_cast<std::size_t>(count)));
    }
    if (part == "die") ::kill(::getpid(), SIGKILL);
    if (part == "wait") {
      const timespec a_little{.tv_sec = 0, .tv_nsec = 300'000'000};
      const timespec long_time{.tv_sec = 60, .tv_nsec = 0};
      int num_signals = ::sigtimedwait(&signals, nullptr, &long_time) == SIGINT ? 1 : 100;
      while (::sigtimedwait(&signals, nullptr, &a_little) > 0) ++num_signals;
      say(fmt::format("signals={}\n", num_signals));
    }
    if (part == "again") {
      link.report_run("some/run", 3);
      link.report_progress(7);
      link.ask_for_restart("for a test");
    } else {
      link.report(part == "fail" ? 1 : 0);
    }
  }
  if (!transport.finish()) ::_exit(0);
  return 0;
}

int play_front_end(const std::string& num_ranks, const std::string& part) {
  FrontEnd front_end;
  const std::string program = std::filesystem::read_symlink(kThisProgram);
  const auto ranks = static_cast<std::uint32_t>(std::stoul(num_ranks));
  const LifeEnd end = front_end.run(mpirun_launch(ranks), program, {"rank", part});
  if (part == "again" && !end.exit_code) {
    say(fmt::format("wish={} run_dir={} ended={}\n", end.wish, end.run_dir, end.num_ended.value_or(0)));
    return front_end.run(mpirun_launch(ranks), program, {"rank", "pass"}).exit_code.value_or(kNoStatus);
  }
  return end.exit_code.value_or(kNoStatus);
}

// ---- the tests ----

struct Started {
  pid_t front_end = -1;
  Descriptor in;   ///< we write, it reads
  Descriptor out;  ///< its stdout and stderr
  std::string output;

  /// Reads until `text` has come; false at the end or after 30 s.
  bool wait_for(const std::string& text) {
    while (output.find(text) == std::string::npos) {
      if (!read_some()) return false;
    }
    return true;
  }
  int wait_for_end() {
    while (read_some()) {
    }
    int status = 0;
    ::waitpid(front_end, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  bool read_some() {
    pollfd readable{out.get(), POLLIN, 0};
    if (::poll(&readable, 1, 30'000) != 1) return false;
    std::array<char, 4096> buffer;
    const ssize_t count = ::read(out.get(), buffer.data(), buffer.size());
    if (count <= 0) return false;
    output.append(buffer.data(), static_cast<std::size_t>(count));
    return true;
  }
};

[[noreturn]] void exec_front_end(int num_ranks, const char* part) {
  ::execl(kThisProgram.c_str(), "launch_mpirun_test", "front-end", std::to_string(num_ranks).c_str(), part, nullptr);
  ::_exit(127);
}

Started start_with_pipes(int num_ranks, const char* part) {
  std::array<int, 2> in;
  std::array<int, 2> out;
  EXPECT_EQ(::pipe2(in.data(), O_CLOEXEC), 0);
  EXPECT_EQ(::pipe2(out.data(), O_CLOEXEC), 0);
  Started run;
  run.front_end = ::fork();
  if (run.front_end == 0) {
    ::dup2(in[0], STDIN_FILENO);
    ::dup2(out[1], STDOUT_FILENO);
    ::dup2(out[1], STDERR_FILENO);
    exec_front_end(num_ranks, part);
  }
  ::close(in[0]);
  ::close(out[1]);
  run.in = Descriptor(in[1]);
  run.out = Descriptor(out[0]);
  return run;
}

Started start_in_terminal(int num_ranks, const char* part) {
  Started run;
  int terminal = -1;
  run.front_end = ::forkpty(&terminal, nullptr, nullptr, nullptr);
  if (run.front_end == 0) exec_front_end(num_ranks, part);
  run.out = Descriptor(terminal);
  return run;
}

TEST(LaunchMpirun, returns_the_exit_code_that_rank_0_reports) {
  Started run = start_with_pipes(2, "fail");
  EXPECT_EQ(run.wait_for_end(), 1);
  EXPECT_THAT(run.output, HasSubstr("rank 0 of 2 joined=true tty=0"));
}

TEST(LaunchMpirun, gives_rank_0_the_terminal_of_the_user) {
  Started run = start_in_terminal(1, "pass");
  EXPECT_EQ(run.wait_for_end(), 0);
  EXPECT_THAT(run.output, HasSubstr("joined=true tty=1"));
}

TEST(LaunchMpirun, gives_rank_0_the_input_of_the_user) {
  Started run = start_with_pipes(2, "read");
  EXPECT_EQ(::write(run.in.get(), "hello\n", 6), 6);
  EXPECT_EQ(run.wait_for_end(), 0);
  EXPECT_THAT(run.output, HasSubstr("read hello"));
}

TEST(LaunchMpirun, brings_a_signal_to_rank_0_exactly_once) {
  Started run = start_with_pipes(2, "wait");
  ASSERT_TRUE(run.wait_for("pid="));
  ::kill(run.front_end, SIGINT);
  EXPECT_EQ(run.wait_for_end(), 0);
  EXPECT_THAT(run.output, HasSubstr("signals=1\n"));
}

TEST(LaunchMpirun, brings_ctrl_c_in_a_terminal_to_rank_0_exactly_once) {
  Started run = start_in_terminal(2, "wait");
  ASSERT_TRUE(run.wait_for("pid="));
  EXPECT_EQ(::write(run.out.get(), "\x03", 1), 1);
  EXPECT_EQ(run.wait_for_end(), 0);
  EXPECT_THAT(run.output, HasSubstr("signals=1\r\n"));
}

TEST(LaunchMpirun, has_no_status_when_rank_0_dies) {
  Started run = start_with_pipes(2, "die");
  EXPECT_EQ(run.wait_for_end(), kNoStatus);
}

TEST(LaunchMpirun, does_not_wait_for_a_rank_that_died_before_anybody_looked) {
  Started run = start_with_pipes(4, "stillborn");
  EXPECT_EQ(run.wait_for_end(), kNoStatus);
}

/// Started through a link, as rank 0 or the front-end may be: the kernel calls such a process by the name of the link.
TEST(LaunchMpirun, knows_its_own_program_under_any_name) {
  std::array<int, 2> until_exec;
  ASSERT_EQ(::pipe2(until_exec.data(), O_CLOEXEC), 0);
  const auto start = [](const char* program) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::execl(program, "a-name", "60", nullptr);
      ::_exit(127);
    }
    return child;
  };
  const pid_t same = start(kThisProgram.c_str());
  const pid_t other = start("/bin/sleep");
  ::close(until_exec[1]);
  char nothing = 0;
  EXPECT_EQ(::read(until_exec[0], &nothing, 1), 0);
  ::close(until_exec[0]);
  EXPECT_TRUE(runs_our_program(same));
  EXPECT_FALSE(runs_our_program(other));
  for (const pid_t child : {same, other}) {
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }
  EXPECT_FALSE(runs_our_program(same)) << "it has ended";
}

TEST(LaunchMpirun, tells_what_rank_0_wished_for_and_starts_the_next_life) {
  Started run = start_with_pipes(2, "again");
  EXPECT_EQ(run.wait_for_end(), 0);
  EXPECT_THAT(run.output, HasSubstr("wish=for a test run_dir=some/run ended=7\n"));
}

TEST(LaunchMpirun, says_that_mpirun_could_start_nothing) {
  const std::string path = ::getenv("PATH");
  std::string folder = (std::filesystem::temp_directory_path() / "fugle-mpirun-XXXXXX").string();
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  std::ofstream(folder + "/mpirun") << "#!/bin/sh\nexit 213\n";
  std::filesystem::permissions(folder + "/mpirun", std::filesystem::perms::owner_all);
  ::setenv("PATH", folder.c_str(), 1);
  const LifeEnd end = FrontEnd().run(mpirun_launch(2), "program", {}, folder);
  EXPECT_TRUE(end.could_start_nothing);
  EXPECT_EQ(end.launcher_code, 213);
  EXPECT_FALSE(end.exit_code);
  ::setenv("PATH", path.c_str(), 1);
  std::filesystem::remove_all(folder);
}

TEST(LaunchMpirun, ends_everything_when_the_front_end_is_killed) {
  Started run = start_with_pipes(2, "wait");
  ASSERT_TRUE(run.wait_for("pid="));
  ::kill(run.front_end, SIGKILL);
  EXPECT_EQ(run.wait_for_end(), -SIGKILL) << "and the pipe has ended: rank 0, which holds it, is gone";
}

TEST(LaunchMpirun, names_the_package_when_mpirun_is_missing) {
  const std::string path = ::getenv("PATH");
  ::setenv("PATH", "/nonexistent", 1);
  try {
    (void)mpirun_launch(2);
    FAIL() << "there is no mpirun";
  } catch (const EnvironmentError& error) {
    EXPECT_THAT(error.what(), HasSubstr("openmpi-bin"));
  }
  ::setenv("PATH", path.c_str(), 1);
}

TEST(LaunchMpirun, looks_for_networks_only_where_there_are_some) {
  EXPECT_THAT(mpirun_command("mpirun", 4, false), ::testing::IsSupersetOf({"--enable-recovery", "ob1", "4"}));
  EXPECT_THAT(mpirun_command("mpirun", 4, true), ::testing::Not(::testing::Contains("ob1")));
}

}  // namespace

int play(int argc, char** argv) {
  const std::string role = argc > 1 ? argv[1] : "";
  if (role == "rank") return play_rank(argv[2]);
  if (role == "front-end") return play_front_end(argv[2], argv[3]);
  if (role == "60") return ::pause();
  return RUN_ALL_TESTS();
}

}  // namespace fugle::app

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  return fugle::app::play(argc, argv);
}
