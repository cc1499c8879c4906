#include "executor/outcome.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>

namespace fugle::executor {
namespace {

using graph::FailureClass;
using scheduler::AttemptReport;

constexpr int exit_status(int code) { return code << 8; }

AttemptReport report_of_status(int status) {
  wire::EndedFields ended;
  ended.wait_status = status;
  return report_of(ended, {"prog", "/work", std::chrono::seconds(2)});
}

AttemptReport report_at(wire::Step step, int error) {
  wire::EndedFields ended;
  ended.step = step;
  ended.error = error;
  ended.wait_status = exit_status(127);
  return report_of(ended, {"prog", "/work", std::chrono::seconds(2)});
}

TEST(Outcome, exit_code_zero_is_good_and_any_other_an_error) {
  EXPECT_EQ(report_of_status(exit_status(0)).cls, FailureClass::none);
  const AttemptReport outcome = report_of_status(exit_status(3));
  EXPECT_EQ(outcome.cls, FailureClass::error);
  EXPECT_EQ(outcome.exit, 3);
  EXPECT_EQ(outcome.reason, "exit code 3");
}

TEST(Outcome, an_attempt_that_ran_elsewhere_than_bound_is_good_and_says_so) {
  AttemptTexts texts;
  texts.cpus = {0, 1, 2, 3};
  EXPECT_EQ(report_of({}, texts).reason, "");
  texts.ran_on = {0, 1};
  const AttemptReport outcome = report_of({}, texts);
  EXPECT_EQ(outcome.cls, FailureClass::none);
  EXPECT_EQ(outcome.reason, "bound to cpus 0-3, but it ran on 0-1 (its command changes the binding)");
}

TEST(Outcome, an_attempt_that_could_not_be_bound_is_good_and_says_so) {
  AttemptTexts texts;
  texts.cpus = {70};
  wire::EndedFields ended;
  ended.bind_error = EINVAL;
  EXPECT_EQ(report_of(ended, texts).reason, "could not be bound to cpus 70 (Invalid argument) and ran without");
}

TEST(Outcome, a_failure_keeps_its_own_reason) {
  AttemptTexts texts;
  texts.cpus = {0};
  texts.ran_on = {1};
  wire::EndedFields ended;
  ended.wait_status = exit_status(3);
  EXPECT_EQ(report_of(ended, texts).reason, "exit code 3");
}

TEST(Outcome, a_signal_is_named_and_its_number_negated) {
  const AttemptReport outcome = report_of_status(SIGSEGV);
  EXPECT_EQ(outcome.cls, FailureClass::signal);
  EXPECT_EQ(outcome.exit, -SIGSEGV);
  EXPECT_EQ(outcome.reason, "killed by SIGSEGV");
  EXPECT_EQ(name_of_signal(SIGRTMAX), "signal 64");
}

TEST(Outcome, a_program_that_can_not_run_fails_with_the_exit_code_of_a_shell) {
  const AttemptReport absent = report_at(wire::Step::execute, ENOENT);
  EXPECT_EQ(absent.cls, FailureClass::error);
  EXPECT_EQ(absent.exit, 127);
  EXPECT_NE(absent.reason.find("'prog'"), std::string::npos);
  const AttemptReport forbidden = report_at(wire::Step::execute, EACCES);
  EXPECT_EQ(forbidden.cls, FailureClass::error);
  EXPECT_EQ(forbidden.exit, 126);
}

TEST(Outcome, a_machine_without_room_is_infrastructure) {
  EXPECT_EQ(report_at(wire::Step::execute, ENOMEM).cls, FailureClass::launch);
  EXPECT_EQ(report_at(wire::Step::enter_workdir, EIO).cls, FailureClass::launch);
  EXPECT_EQ(report_of_refusal({{}, 0, wire::Step::make_process, EAGAIN}, {}).cls, FailureClass::launch);
}

TEST(Outcome, a_missing_working_directory_is_setup_and_named) {
  const AttemptReport outcome = report_at(wire::Step::enter_workdir, ENOENT);
  EXPECT_EQ(outcome.cls, FailureClass::setup);
  EXPECT_NE(outcome.reason.find("'/work'"), std::string::npos);
}

TEST(Outcome, ending_well_after_a_timeout_or_a_stop_does_not_count) {
  wire::EndedFields ended;
  ended.timed_out = 1;
  EXPECT_EQ(report_of(ended, {"p", "/", std::chrono::seconds(2)}).reason, "ran longer than its timeout of 2.0s");
  ended.timed_out = 0;
  ended.stopped = 1;
  EXPECT_EQ(report_of(ended, {}).cls, FailureClass::cancelled);
}

TEST(Outcome, memory_is_a_class_of_its_own_even_after_exit_code_zero) {
  wire::EndedFields ended;
  ended.oom_killed = 1;
  EXPECT_EQ(report_of(ended, {}).cls, FailureClass::oom);
  ended.memory_bytes = 3 << 20;
  AttemptTexts texts;
  texts.memory_limit = 2 << 20;
  EXPECT_EQ(report_of(ended, texts).reason, "used 3.0M of memory (its limit is 2.0M); raise 'resources.mem'");
}

TEST(Outcome, the_kernels_verdict_on_its_own_control_group_names_the_limit_and_the_peak) {
  wire::EndedFields ended;
  ended.oom_killed = ended.oom_in_group = 1;
  ended.memory_bytes = 3 << 20;
  AttemptTexts texts;
  texts.memory_limit = 2 << 20;
  EXPECT_EQ(report_of(ended, texts).cls, FailureClass::oom);
  EXPECT_NE(report_of(ended, texts).reason.find("its limit of 2.0M (peak 3.0M;"), std::string::npos);
}

TEST(Outcome, lost_output_is_said_of_any_end) {
  wire::EndedFields ended;
  ended.dropped_bytes = 2048;
  EXPECT_EQ(report_of(ended, {}).cls, FailureClass::none);
  EXPECT_EQ(report_of(ended, {}).reason, "2.0K of its output could not be written to the log (disk full?)");
  ended.wait_status = exit_status(1);
  EXPECT_EQ(report_of(ended, {}).reason,
            "exit code 1; 2.0K of its output could not be written to the log (disk full?)");
}

TEST(Outcome, output_beyond_the_limit_of_the_log_is_said_of_any_end) {
  wire::EndedFields ended;
  ended.cut_bytes = 4096;
  EXPECT_EQ(report_of(ended, {}).cls, FailureClass::none);
  EXPECT_NE(report_of(ended, {}).reason.find("4.0K of its output were dropped"), std::string::npos);
}

TEST(Outcome, a_cleanup_that_fails_changes_the_reason_and_not_the_class) {
  wire::EndedFields ended;
  ended.cleanup = wire::Cleanup::done;
  EXPECT_EQ(report_of(ended, {}).reason, "");
  ended.cleanup_status = exit_status(3);
  EXPECT_EQ(report_of(ended, {}).cls, FailureClass::none);
  EXPECT_EQ(report_of(ended, {}).reason, "cleanup failed: exit code 3");
  ended.wait_status = exit_status(1);
  EXPECT_EQ(report_of(ended, {}).cls, FailureClass::error);
  EXPECT_EQ(report_of(ended, {}).reason, "exit code 1; cleanup failed: exit code 3");
  ended.cleanup = wire::Cleanup::timed_out;
  EXPECT_NE(report_of(ended, {}).reason.find("longer than 'grace'"), std::string::npos);
  ended.cleanup = wire::Cleanup::no_time;
  EXPECT_NE(report_of(ended, {}).reason.find("cleanup not run"), std::string::npos);
  ended.cleanup = wire::Cleanup::failed;
  ended.cleanup_status = EAGAIN;
  EXPECT_NE(report_of(ended, {}).reason.find("cleanup could not be started (Resource"), std::string::npos);
}

TEST(Outcome, a_node_without_room_for_the_scratch_is_infrastructure_and_one_that_forbids_it_is_setup) {
  AttemptTexts texts;
  texts.scratch = "/local/run/7-1";
  texts.scratch_bytes = 3 << 20;
  wire::RefusedFields refused{{7, 1}, 5, wire::Step::find_space, 0, 1 << 20};
  EXPECT_EQ(report_of_refusal(refused, texts).cls, FailureClass::launch);
  EXPECT_EQ(report_of_refusal(refused, texts).reason,
            "1.0M are free for its scratch directory in '/local/run' on this node, and it wants 3.0M");
  refused.step = wire::Step::make_scratch;
  refused.error = EACCES;
  EXPECT_EQ(report_of_refusal(refused, texts).cls, FailureClass::setup);
  EXPECT_NE(report_of_refusal(refused, texts).reason.find("'/local/run/7-1' (Permission denied)"), std::string::npos);
  refused.error = ENOSPC;
  EXPECT_EQ(report_of_refusal(refused, texts).cls, FailureClass::launch);
}

TEST(Outcome, figures_are_those_the_spawner_measured) {
  wire::EndedFields ended;
  ended.key = {7, 2};
  ended.start_ns = 10;
  ended.end_ns = 20;
  ended.cpu_ms = std::uint64_t{1} << 40;
  ended.maxrss_kb = std::uint64_t{1} << 40;
  ended.read_bytes = 3;
  ended.written_bytes = 4;
  const AttemptReport report = report_of(ended, {});
  EXPECT_EQ(report.kind, AttemptReport::Kind::ended);
  EXPECT_EQ(report.element, ElementId(7));
  EXPECT_EQ(report.attempt, 2);
  EXPECT_EQ(report.start, from_ns(10));
  EXPECT_EQ(report.end, from_ns(20));
  EXPECT_EQ(report.cpu_ms, std::uint64_t{1} << 40);
  EXPECT_EQ(report.maxrss_kb, UINT32_MAX) << "4 TiB";
  EXPECT_EQ(report.read_bytes, 3u);
  EXPECT_EQ(report.written_bytes, 4u);
}

}  // namespace
}  // namespace fugle::executor
