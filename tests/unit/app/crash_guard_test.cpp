#include "app/crash_guard.hpp"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>

namespace fugle::app {
namespace {

/// What the guarded process does.
template <class Act>
void guarded(Act act) {
  ::prctl(PR_SET_DUMPABLE, 0);  // no core files
  continue_in_child("status");
  act();
  _exit(0);
}

TEST(CrashGuardDeathTest, hands_on_the_exit_code) {
  EXPECT_EXIT(guarded([] { _exit(5); }), testing::ExitedWithCode(5), "");
  EXPECT_EXIT(guarded([] {}), testing::ExitedWithCode(0), "");
}

TEST(CrashGuardDeathTest, makes_a_crash_a_message_and_exit_3) {
  const auto crash = [] {
    ::signal(SIGSEGV, SIG_DFL);
    ::raise(SIGSEGV);
  };
  EXPECT_EXIT(guarded(crash), testing::ExitedWithCode(3), "'status' crashed .*Segmentation.*restore");
}

TEST(CrashGuardDeathTest, ends_by_the_signal_that_ended_the_child) {
  EXPECT_EXIT(guarded([] { ::raise(SIGTERM); }), testing::KilledBySignal(SIGTERM), "");
  EXPECT_EXIT(guarded([] { ::raise(SIGINT); }), testing::KilledBySignal(SIGINT), "");
}

}  // namespace
}  // namespace fugle::app
