#include "app/after_run.hpp"

#include <gtest/gtest.h>

namespace fugle::app {
namespace {

using report::RunCondition;
using workflow::RunEnd;

constexpr std::array kNotEnded{RunCondition::incomplete, RunCondition::interrupted};

OtherRun outside_of_slurm(RunCondition condition) { return {condition, false, std::nullopt}; }
OtherRun with_jobs(RunCondition condition, std::vector<std::string> alive) { return {condition, true, alive}; }
OtherRun with_slurm_down(RunCondition condition) { return {condition, true, std::nullopt}; }

TEST(AfterRun, begins_when_the_other_ended_as_wanted) {
  EXPECT_EQ(judge(outside_of_slurm(RunCondition::ok), RunEnd::ok), AfterVerdict::go);
  EXPECT_EQ(judge(outside_of_slurm(RunCondition::ok), RunEnd::done), AfterVerdict::go);
  EXPECT_EQ(judge(outside_of_slurm(RunCondition::failed), RunEnd::failed), AfterVerdict::go);
  EXPECT_EQ(judge(outside_of_slurm(RunCondition::cancelled), RunEnd::done), AfterVerdict::go);
}

TEST(AfterRun, never_begins_when_the_other_ended_otherwise) {
  EXPECT_EQ(judge(outside_of_slurm(RunCondition::ok), RunEnd::failed), AfterVerdict::never);
  EXPECT_EQ(judge(outside_of_slurm(RunCondition::failed), RunEnd::ok), AfterVerdict::never);
  EXPECT_EQ(judge(with_jobs(RunCondition::cancelled, {}), RunEnd::ok), AfterVerdict::never);
}

TEST(AfterRun, an_ok_run_has_ended_whatever_jobs_it_has_left) {
  EXPECT_EQ(judge(with_jobs(RunCondition::ok, {"7"}), RunEnd::ok), AfterVerdict::go);
  EXPECT_EQ(judge(with_slurm_down(RunCondition::ok), RunEnd::ok), AfterVerdict::go);
}

TEST(AfterRun, waits_while_the_other_has_a_job_that_goes_on) {
  for (const RunCondition condition : kNotEnded)
    EXPECT_EQ(judge(with_jobs(condition, {"8"}), RunEnd::ok), AfterVerdict::wait);
  EXPECT_EQ(judge(with_jobs(RunCondition::failed, {"8"}), RunEnd::ok), AfterVerdict::wait) << "it was resumed";
  EXPECT_EQ(judge(outside_of_slurm(RunCondition::running), RunEnd::done), AfterVerdict::wait);
}

TEST(AfterRun, what_no_job_goes_on_with_has_ended_not_well) {
  for (const RunCondition condition : kNotEnded) {
    EXPECT_EQ(judge(with_jobs(condition, {}), RunEnd::ok), AfterVerdict::never);
    EXPECT_EQ(judge(with_jobs(condition, {}), RunEnd::failed), AfterVerdict::go);
  }
}

TEST(AfterRun, decides_nothing_while_slurm_does_not_answer) {
  for (const RunCondition condition : kNotEnded)
    for (const RunEnd wanted : {RunEnd::ok, RunEnd::failed, RunEnd::done})
      EXPECT_EQ(judge(with_slurm_down(condition), wanted), AfterVerdict::unknown);
}

}  // namespace
}  // namespace fugle::app
