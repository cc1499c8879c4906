#include "executor/outcome.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>

namespace fugle::executor {
namespace {

using graph::FailureClass;

constexpr int exit_status(int code) { return code << 8; }

Outcome outcome_of_status(int status) {
  wire::EndedFields ended;
  ended.wait_status = status;
  return outcome_of(ended, {"prog", "/work", std::chrono::seconds(2)});
}

Outcome outcome_at(wire::Step step, int error) {
  wire::EndedFields ended;
  ended.step = step;
  ended.error = error;
  ended.wait_status = exit_status(127);
  return outcome_of(ended, {"prog", "/work", std::chrono::seconds(2)});
}

TEST(Outcome, exit_code_zero_is_good_and_any_other_an_error) {
  EXPECT_EQ(outcome_of_status(exit_status(0)).cls, FailureClass::none);
  const Outcome outcome = outcome_of_status(exit_status(3));
  EXPECT_EQ(outcome.cls, FailureClass::error);
  EXPECT_EQ(outcome.exit, 3);
  EXPECT_EQ(outcome.reason, "exit code 3");
}

TEST(Outcome, an_attempt_that_ran_elsewhere_than_bound_is_good_and_says_so) {
  AttemptTexts texts;
  texts.cpus = {0, 1, 2, 3};
  EXPECT_EQ(outcome_of({}, texts).reason, "");
  texts.ran_on = {0, 1};
  const Outcome outcome = outcome_of({}, texts);
  EXPECT_EQ(outcome.cls, FailureClass::none);
  EXPECT_EQ(outcome.reason, "bound to cpus 0-3, but it ran on 0-1 (its command changes the binding)");
}

TEST(Outcome, an_attempt_that_could_not_be_bound_is_good_and_says_so) {
  AttemptTexts texts;
  texts.cpus = {70};
  wire::EndedFields ended;
  ended.bind_error = EINVAL;
  EXPECT_EQ(outcome_of(ended, texts).reason, "could not be bound to cpus 70 (Invalid argument) and ran without");
}

TEST(Outcome, a_failure_keeps_its_own_reason) {
  AttemptTexts texts;
  texts.cpus = {0};
  texts.ran_on = {1};
  wire::EndedFields ended;
  ended.wait_status = exit_status(3);
  EXPECT_EQ(outcome_of(ended, texts).reason, "exit code 3");
}

TEST(Outcome, a_signal_is_named_and_its_number_negated) {
  const Outcome outcome = outcome_of_status(SIGSEGV);
  EXPECT_EQ(outcome.cls, FailureClass::signal);
  EXPECT_EQ(outcome.exit, -SIGSEGV);
  EXPECT_EQ(outcome.reason, "killed by SIGSEGV");
  EXPECT_EQ(name_of_signal(SIGRTMAX), "signal 64");
}

TEST(Outcome, a_program_that_can_not_run_fails_with_the_exit_code_of_a_shell) {
  const Outcome absent = outcome_at(wire::Step::execute, ENOENT);
  EXPECT_EQ(absent.cls, FailureClass::error);
  EXPECT_EQ(absent.exit, 127);
  EXPECT_NE(absent.reason.find("'prog'"), std::string::npos);
  const Outcome forbidden = outcome_at(wire::Step::execute, EACCES);
  EXPECT_EQ(forbidden.cls, FailureClass::error);
  EXPECT_EQ(forbidden.exit, 126);
}

TEST(Outcome, a_machine_without_room_is_infrastructure) {
  EXPECT_EQ(outcome_at(wire::Step::execute, ENOMEM).cls, FailureClass::launch);
  EXPECT_EQ(outcome_at(wire::Step::enter_workdir, EIO).cls, FailureClass::launch);
  EXPECT_EQ(outcome_of_refusal(EAGAIN).cls, FailureClass::launch);
}

TEST(Outcome, a_missing_working_directory_is_setup_and_named) {
  const Outcome outcome = outcome_at(wire::Step::enter_workdir, ENOENT);
  EXPECT_EQ(outcome.cls, FailureClass::setup);
  EXPECT_NE(outcome.reason.find("'/work'"), std::string::npos);
}

TEST(Outcome, ending_well_after_a_timeout_or_a_stop_does_not_count) {
  wire::EndedFields ended;
  ended.timed_out = 1;
  EXPECT_EQ(outcome_of(ended, {"p", "/", std::chrono::seconds(2)}).reason, "ran longer than its timeout of 2.0s");
  ended.timed_out = 0;
  ended.stopped = 1;
  EXPECT_EQ(outcome_of(ended, {}).cls, FailureClass::cancelled);
}

TEST(Outcome, memory_is_a_class_of_its_own_even_after_exit_code_zero) {
  wire::EndedFields ended;
  ended.oom_killed = 1;
  EXPECT_EQ(outcome_of(ended, {}).cls, FailureClass::oom);
  ended.memory_bytes = 3 << 20;
  AttemptTexts texts;
  texts.memory_limit = 2 << 20;
  EXPECT_EQ(outcome_of(ended, texts).reason, "used 3.0M of memory (its limit is 2.0M); raise 'resources.mem'");
}

TEST(Outcome, lost_output_is_said_of_a_failure_only) {
  wire::EndedFields ended;
  ended.dropped_bytes = 2048;
  EXPECT_EQ(outcome_of(ended, {}).reason, "");
  ended.wait_status = exit_status(1);
  EXPECT_NE(outcome_of(ended, {}).reason.find("2.0K"), std::string::npos);
}

}  // namespace
}  // namespace fugle::executor
