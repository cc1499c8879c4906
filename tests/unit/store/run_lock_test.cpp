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

TEST(RunLock, says_when_the_directory_is_not_there) { EXPECT_THROW(RunLock{"/nonexistent/run"}, EnvironmentError); }

}  // namespace
}  // namespace fugle::store
