#include "slurm/job_record.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fugle::slurm {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// scontrol show job 12 (22.05.8), shortened
constexpr const char* kRunning = R"(JobId=12 JobName=a b
   UserId=ada(1000) GroupId=ada(1000) MCS_label=N/A
   Priority=4294901749 Nice=0 Account=(null) QOS=(null)
   JobState=RUNNING Reason=None Dependency=(null)
   Requeue=1 Restarts=2 BatchFlag=1 Reboot=0 ExitCode=0:0
   RunTime=00:00:01 TimeLimit=00:02:00 TimeMin=N/A
   SubmitTime=1795208205 EligibleTime=1795208205
   StartTime=1795208205 EndTime=1795208325 Deadline=N/A
   PreemptEligibleTime=1795208205 PreemptTime=None
   Partition=main AllocNode:Sid=ctl:0
   ReqNodeList=(null) ExcNodeList=n9
   NodeList=n[1-2,4]
   BatchHost=n1
   NumNodes=3 NumCPUs=4 NumTasks=4 CPUs/Task=1 ReqB:S:C:T=0:0:*:*
   Command=(null)
   WorkDir=/home/ada/JobState=FAILED
   Comment=hello JobState=X there)"
                                 " "
                                 R"(
   StdErr=/dev/null
   Power=

)";

constexpr const char* kPending = R"(JobId=17 JobName=wrap
   JobState=PENDING Reason=Priority Dependency=(null)
   Requeue=0 Restarts=0 BatchFlag=1 Reboot=0 ExitCode=0:0
   RunTime=00:00:00 TimeLimit=UNLIMITED TimeMin=N/A
   SubmitTime=1795208205 EligibleTime=1795208205
   StartTime=1795208400 EndTime=Unknown Deadline=N/A
   ReqNodeList=(null) ExcNodeList=(null)
   NodeList= SchedNodeList=n1
   NumNodes=1-1 NumCPUs=1 NumTasks=1 CPUs/Task=1 ReqB:S:C:T=0:0:*:*

)";

TEST(JobRecord, of_a_running_job) {
  const auto records = parse_job_records(kRunning);
  ASSERT_EQ(records.size(), 1);
  const JobRecord& job = records.front();
  EXPECT_EQ(job.id, "12");
  EXPECT_EQ(job.state, "RUNNING");
  EXPECT_EQ(job.reason, "");
  EXPECT_EQ(job.start, Time{} + std::chrono::seconds(1795208205));
  EXPECT_EQ(job.end, Time{} + std::chrono::seconds(1795208325));
  EXPECT_THAT(job.nodes, ElementsAre("n1", "n2", "n4"));
  EXPECT_TRUE(job.may_requeue);
  EXPECT_EQ(job.restarts, 2);
  EXPECT_EQ(job.comment, "hello JobState=X there");
}

TEST(JobRecord, of_a_pending_job_without_an_end) {
  const auto records = parse_job_records(kPending);
  ASSERT_EQ(records.size(), 1);
  const JobRecord& job = records.front();
  EXPECT_EQ(job.state, "PENDING");
  EXPECT_EQ(job.reason, "Priority");
  EXPECT_EQ(job.start, Time{} + std::chrono::seconds(1795208400));
  EXPECT_FALSE(job.end);
  EXPECT_THAT(job.nodes, IsEmpty());
  EXPECT_FALSE(job.may_requeue);
}

TEST(JobRecord, there_is_one_for_each_job_of_the_output) {
  const auto records = parse_job_records(std::string(kRunning) + kPending);
  ASSERT_EQ(records.size(), 2);
  EXPECT_EQ(records[1].id, "17");
}

TEST(JobRecord, what_is_no_job_is_left_out) {
  EXPECT_THAT(parse_job_records(""), IsEmpty());
  EXPECT_THAT(parse_job_records("No jobs in the system\n"), IsEmpty());
  EXPECT_THAT(parse_job_records("JobId=3"), IsEmpty());
  EXPECT_THAT(parse_job_records("JobId=\n   JobState=RUNNING\n"), IsEmpty());
  const auto records = parse_job_records("JobId=3\n   JobState=RUNNING =\n   EndTime=\n   StartTime=x EndTime=-5\n");
  ASSERT_EQ(records.size(), 1);
  EXPECT_FALSE(records[0].end || records[0].start);
}

TEST(JobRecord, is_asked_for_in_seconds) {
  EXPECT_THAT(command_for_jobs({"12"}), ElementsAre("env", "SLURM_TIME_FORMAT=%s", "scontrol", "show", "job", "12"));
  const auto several = command_for_jobs({"12", "13"});
  EXPECT_THAT(std::vector(several.end() - 2, several.end()), ElementsAre("12", "13"));
}

}  // namespace
}  // namespace fugle::slurm
