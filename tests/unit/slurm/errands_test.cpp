// Of Errands and run_command: short commands of every system, no Slurm.
#include "slurm/errands.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace fugle::slurm {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

constexpr Duration kLong = seconds(60);

bool is_readable(int fd, int milliseconds_at_most) {
  pollfd poll{fd, POLLIN, 0};
  return ::poll(&poll, 1, milliseconds_at_most) == 1;
}

/// Waits for the next answer, whichever.
Answer next(Errands& errands) {
  while (true) {
    if (auto answer = errands.take()) return *answer;
    EXPECT_TRUE(is_readable(errands.fd(), 60'000));
  }
}

/// Waits until nobody is left who holds the other end of this pipe.
bool is_closed_by_all(int read_end) {
  char byte = 0;
  return is_readable(read_end, 60'000) && ::read(read_end, &byte, 1) == 0;
}

TEST(RunCommand, keeps_what_was_said_and_how_it_ended) {
  const Answer answer = run_command({"sh", "-c", "echo out; echo problem >&2; exit 7"}, kLong);
  EXPECT_EQ(answer.output, "out\n");
  EXPECT_EQ(answer.complaint, "problem\n");
  EXPECT_EQ(answer.exit_code, 7);
  EXPECT_FALSE(answer.is_good());
  EXPECT_TRUE(run_command({"true"}, kLong).is_good());
}

TEST(RunCommand, says_when_there_is_no_such_program_or_it_was_killed) {
  EXPECT_EQ(run_command({"fugle-no-such-program"}, kLong).exit_code, 127);
  EXPECT_EQ(run_command({"/"}, kLong).exit_code, 126);
  EXPECT_EQ(run_command({"sh", "-c", "kill -TERM $$"}, kLong).exit_code, 128 + SIGTERM);
}

TEST(RunCommand, gives_it_the_input) {
  const std::string script = "#!/bin/sh\n" + std::string(300'000, '#') + "\n";
  EXPECT_EQ(run_command({"cat"}, kLong, script).output, script);
  EXPECT_EQ(run_command({"cat"}, kLong).output, "");
}

TEST(RunCommand, keeps_the_beginning_of_a_long_output) {
  const Answer answer = run_command({"sh", "-c", "head -c 3000000 /dev/zero; head -c 300000 /dev/zero >&2"}, kLong);
  EXPECT_EQ(answer.output.size(), 1U << 20);
  EXPECT_EQ(answer.complaint.size(), 64U << 10);
  EXPECT_TRUE(answer.is_good());
}

TEST(RunCommand, kills_what_does_not_end_with_its_children) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const std::string keep_open = "exec 9>/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(ends[1]);
  const Answer answer = run_command({"sh", "-c", keep_open + "; sleep 1000 & sleep 1000"}, milliseconds(300));
  ::close(ends[1]);
  EXPECT_EQ(answer.exit_code, 124);
  EXPECT_THAT(answer.complaint, HasSubstr("not ended within 300ms"));
  EXPECT_TRUE(is_closed_by_all(ends[0]));
  ::close(ends[0]);
}

TEST(RunCommand, does_not_wait_for_what_the_command_leaves_behind) {
  const Answer answer = run_command({"sh", "-c", "sleep 1000 & echo $!"}, kLong);
  EXPECT_TRUE(answer.is_good());
  ::kill(std::stoi(answer.output), SIGKILL);
}

TEST(RunCommand, hands_on_no_descriptor_of_ours_and_no_signal_that_we_hold_back) {
  const int fd = ::open("/dev/null", O_RDONLY);  // not closed on exec
  sigset_t usr1, before;
  sigemptyset(&usr1);
  sigaddset(&usr1, SIGUSR1);
  ::pthread_sigmask(SIG_BLOCK, &usr1, &before);
  const Answer answer = run_command({"sh", "-c", "ls /proc/self/fd | wc -l; grep SigBlk /proc/self/status"}, kLong);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::close(fd);
  EXPECT_THAT(answer.output, testing::StartsWith("4\n"));  // 0, 1, 2 and that of ls
  EXPECT_THAT(answer.output, HasSubstr("SigBlk:\t0000000000000000"));
}

TEST(Errands, answer_each_question_in_turn) {
  Errands errands;
  const auto first = errands.ask({"sh", "-c", "echo one"}, kLong);
  const auto second = errands.ask({"sh", "-c", "echo two; exit 3"}, kLong);
  const Answer one = next(errands), two = next(errands);
  EXPECT_EQ(one.ticket, first);
  EXPECT_EQ(one.output, "one\n");
  EXPECT_EQ(two.ticket, second);
  EXPECT_EQ(two.output, "two\n");
  EXPECT_EQ(two.exit_code, 3);
  EXPECT_FALSE(errands.take());
  EXPECT_FALSE(is_readable(errands.fd(), 0));
}

TEST(Errands, keep_the_answers_to_others_while_one_is_waited_for) {
  Errands errands;
  const auto first = errands.ask({"echo", "first"}, kLong);
  EXPECT_EQ(errands.run({"echo", "second"}, kLong).output, "second\n");
  EXPECT_TRUE(is_readable(errands.fd(), 0));
  const auto kept = errands.take();
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->ticket, first);
}

TEST(Errands, take_many_questions_without_blocking) {
  Errands errands;
  const std::string padding(5000, 'x');
  constexpr int kMany = 100;  // more bytes than a socket holds
  for (int i = 0; i < kMany; ++i) errands.ask({"true", padding}, kLong);
  for (std::uint64_t ticket = 1; ticket <= kMany; ++ticket) EXPECT_EQ(next(errands).ticket, ticket);
}

TEST(Errands, answer_though_their_process_was_killed) {
  Errands errands;
  const auto ticket = errands.ask({"sleep", "1000"}, kLong);
  ::kill(errands.pid(), SIGKILL);
  const Answer lost = next(errands);
  EXPECT_EQ(lost.ticket, ticket);
  EXPECT_EQ(lost.exit_code, 125);
  EXPECT_FALSE(is_readable(errands.fd(), 0));
  EXPECT_EQ(errands.run({"true"}, kLong).exit_code, 125);
}

TEST(Errands, heed_no_signal_and_are_in_a_session_of_their_own) {
  Errands errands;
  EXPECT_TRUE(errands.run({"true"}, kLong).is_good());  // it has begun
  EXPECT_EQ(::getsid(errands.pid()), errands.pid());
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE}) ::kill(errands.pid(), signal);
  EXPECT_EQ(errands.run({"echo", "here"}, kLong).output, "here\n");
}

TEST(Errands, hold_no_descriptor_of_their_owner) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  Errands errands;
  ::close(ends[1]);
  EXPECT_TRUE(is_closed_by_all(ends[0]));
  ::close(ends[0]);
}

/// A child of ours that owns Errands whose command never ends, and is killed.
TEST(Errands, end_with_their_owner_and_so_does_the_command_they_run) {
  int ends[2], ready[2];
  ASSERT_EQ(::pipe(ends), 0);
  ASSERT_EQ(::pipe(ready), 0);
  const std::string file = "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(ends[1]);
  const std::string told = "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(ready[1]);
  const pid_t owner = ::fork();
  if (owner == 0) {
    Errands errands;
    errands.ask({"sh", "-c", "exec 9>" + file + "; echo > " + told + "; sleep 1000 & sleep 1000"}, kLong);
    while (true) ::pause();
  }
  EXPECT_TRUE(is_readable(ready[0], 60'000));
  ::close(ends[1]);
  ::kill(owner, SIGKILL);
  ::waitpid(owner, nullptr, 0);
  EXPECT_TRUE(is_closed_by_all(ends[0]));
  for (const int fd : {ends[0], ready[0], ready[1]}) ::close(fd);
}

}  // namespace
}  // namespace fugle::slurm
