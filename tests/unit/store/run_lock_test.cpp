#include "store/run_lock.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "base/error.hpp"
#include "store_support.hpp"

namespace fugle::store {
namespace {

using testing::TemporaryDirectory;

TEST(RunLock, refuses_a_second_head_and_names_the_first) {
  const TemporaryDirectory run;
  const RunLock lock(run.path());
  try {
    const RunLock second(run.path());
    FAIL() << "two heads hold the lock";
  } catch (const ConflictError& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("process " + std::to_string(::getpid())));
  }
}

TEST(RunLock, is_free_again_when_its_holder_is_gone) {
  const TemporaryDirectory run;
  { const RunLock lock(run.path()); }
  EXPECT_EQ(find_lock_holder(run.path()), std::nullopt);
  const RunLock again(run.path());
}

TEST(RunLock, is_free_again_after_a_kill_of_its_holder) {
  const TemporaryDirectory run;
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const RunLock lock(run.path());
    if (::write(ends[1], "x", 1) == 1) ::pause();
    std::_Exit(0);
  }
  char ready;
  ASSERT_EQ(::read(ends[0], &ready, 1), 1);
  EXPECT_THROW(RunLock{run.path()}, ConflictError);
  ASSERT_TRUE(find_lock_holder(run.path()));
  EXPECT_EQ(find_lock_holder(run.path())->pid, child);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(find_lock_holder(run.path()), std::nullopt);
  const RunLock lock(run.path());
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(RunLock, tells_who_holds_it) {
  const TemporaryDirectory run;
  EXPECT_EQ(find_lock_holder(run.path()), std::nullopt);
  const RunLock lock(run.path());
  const auto holder = find_lock_holder(run.path());
  ASSERT_TRUE(holder);
  EXPECT_EQ(holder->pid, ::getpid());
  EXPECT_FALSE(holder->host.empty());
}

LockOptions options_of(const std::string& job, std::uint32_t restart_count) {
  LockOptions options;
  options.lease.self = {job, restart_count};
  options.lease.patience = std::chrono::milliseconds(50);
  return options;
}

TEST(RunLock, is_taken_over_from_an_earlier_incarnation_of_the_same_job) {
  const TemporaryDirectory run;
  const RunLock older(run.path(), options_of("77", 0));
  const RunLock later(run.path(), options_of("77", 1));
  const auto holder = find_lock_holder(run.path());
  ASSERT_TRUE(holder);
  EXPECT_EQ(holder->incarnation, (Incarnation{"77", 1}));
  EXPECT_THROW(RunLock(run.path(), options_of("77", 0)), ConflictError) << "the older one must not take it back";
  EXPECT_THROW(RunLock(run.path(), options_of("77", 1)), ConflictError);
}

TEST(RunLock, is_not_taken_from_another_job_nor_from_one_outside_of_jobs) {
  for (const char* job : {"76", ""}) {
    const TemporaryDirectory run;
    const RunLock lock(run.path(), options_of(job, 0));
    EXPECT_THROW(RunLock(run.path(), options_of("77", 1)), ConflictError) << job;
    EXPECT_THROW(RunLock(run.path(), options_of("", 1)), ConflictError) << job;
  }
}

TEST(RunLock, waits_for_the_earlier_incarnation_to_leave) {
  const TemporaryDirectory run;
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const RunLock lock(run.path(), options_of("77", 2));
    if (::write(ends[1], "x", 1) != 1) std::_Exit(1);
    while (find_lock_holder(run.path())->pid == ::getpid()) ::usleep(1000);
    std::_Exit(0);
  }
  char ready;
  ASSERT_EQ(::read(ends[0], &ready, 1), 1);
  LockOptions later = options_of("77", 3);
  later.lease.patience = std::chrono::seconds(60);
  const RunLock lock(run.path(), later);
  int status = -1;
  EXPECT_EQ(::waitpid(child, &status, 0), child) << "it had seen that the lock is not its own any more";
  EXPECT_EQ(status, 0);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(RunLock, says_when_the_directory_is_not_there) { EXPECT_THROW(RunLock{"/nonexistent/run"}, EnvironmentError); }

}  // namespace
}  // namespace fugle::store
