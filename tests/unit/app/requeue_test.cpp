#include "app/requeue.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

namespace fugle::app {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = RunJob::Kind;

/// A Slurm of texts: answers by the first two words of a command, keeps what it was asked.
struct FakeSlurm {
  std::map<std::string, slurm::Answer> answers;
  std::vector<std::string> asked;

  slurm::Answer operator()(const std::vector<std::string>& argv, Duration) {
    std::string line;
    for (const std::string& word : argv) line += (line.empty() ? "" : " ") + word;
    asked.push_back(line);
    for (const auto& [beginning, answer] : answers)
      if (line.find(beginning) != std::string::npos) return answer;
    return {};
  }
};

slurm::Answer said(std::string output) { return {0, 0, std::move(output), {}}; }
slurm::Answer refused(std::string complaint) { return {0, 1, {}, std::move(complaint)}; }
const std::string kMayRequeue = "JobId=7 JobName=x\n   JobState=RUNNING Reason=None\n   Requeue=1 Restarts=0\n";
const std::string kMayNot = "JobId=7 JobName=x\n   JobState=RUNNING Reason=None\n   Requeue=0 Restarts=0\n";

class Requeueing : public ::testing::Test {
 protected:
  Requeueing() {
    std::string pattern = std::filesystem::temp_directory_path() / "fugle-requeue-XXXXXX";
    wish_.run_dir = ::mkdtemp(pattern.data());
    wish_.how = Requeue::automatic;
    wish_.job.id = "7";
    wish_.max_requeues = 20;
    wish_.next.made_progress = true;
    slurm_.answers["show job 7"] = said(kMayRequeue);
  }
  ~Requeueing() override { std::filesystem::remove_all(wish_.run_dir); }

  void give_script() { std::ofstream(wish_.run_dir + "/job.sh") << "#!/bin/sh\n"; }
  bool decide() { return go_on_in_another_job(wish_, std::ref(slurm_), Time{} + std::chrono::seconds(1)); }
  [[nodiscard]] std::vector<Kind> kinds() const {
    std::vector<Kind> all;
    for (const RunJob& job : read_jobs(wish_.run_dir)) all.push_back(job.kind);
    return all;
  }

  NextJobWish wish_;
  FakeSlurm slurm_;
};

TEST_F(Requeueing, requeues_the_job_and_notes_it) {
  EXPECT_TRUE(decide());
  EXPECT_THAT(slurm_.asked, Contains("scontrol requeue 7"));
  EXPECT_THAT(kinds(), ElementsAre(Kind::requeued));
}

TEST_F(Requeueing, does_nothing_when_told_never) {
  wish_.how = Requeue::never;
  EXPECT_FALSE(decide());
  EXPECT_THAT(slurm_.asked, IsEmpty());
}

TEST_F(Requeueing, asks_for_no_job_when_this_one_got_nothing_done) {
  wish_.next.made_progress = false;
  EXPECT_FALSE(decide());
  EXPECT_THAT(slurm_.asked, IsEmpty());
  EXPECT_THAT(kinds(), IsEmpty());
}

TEST_F(Requeueing, is_bounded_by_max_requeues_over_all_jobs_of_the_run) {
  wish_.max_requeues = 2;
  EXPECT_TRUE(decide());
  EXPECT_TRUE(decide());
  EXPECT_FALSE(decide());
  EXPECT_THAT(kinds(), ElementsAre(Kind::requeued, Kind::requeued));
}

TEST_F(Requeueing, counts_restarts_that_others_asked_for) {
  wish_.max_requeues = 2;
  wish_.job.restart_count = 2;
  EXPECT_FALSE(decide());
}

TEST_F(Requeueing, submits_a_next_job_where_the_job_may_not_be_requeued) {
  give_script();
  slurm_.answers["show job 7"] = said(kMayNot);
  slurm_.answers["sbatch"] = said("8;cluster\n");
  EXPECT_TRUE(decide());
  EXPECT_THAT(slurm_.asked, Not(Contains(HasSubstr("scontrol requeue"))));
  EXPECT_THAT(slurm_.asked, Contains("sbatch --parsable --dependency=afterany:7 " + wish_.run_dir + "/job.sh"));
  const std::vector<RunJob> jobs = read_jobs(wish_.run_dir);
  ASSERT_EQ(jobs.size(), 1u);
  EXPECT_EQ(jobs[0].job, "8");
  EXPECT_EQ(jobs[0].kind, Kind::chained);
  EXPECT_EQ(jobs[0].after, "7");
}

TEST_F(Requeueing, submits_a_next_job_where_the_requeue_is_refused) {
  give_script();
  slurm_.answers["scontrol requeue"] = refused("Access/permission denied for job 7\n");
  slurm_.answers["sbatch"] = said("8\n");
  EXPECT_TRUE(decide());
  EXPECT_THAT(kinds(), ElementsAre(Kind::requeued, Kind::cancelled, Kind::chained));
}

TEST_F(Requeueing, submits_no_second_job_where_the_requeue_was_only_answered_too_late) {
  give_script();
  slurm_.answers["scontrol requeue"] = refused("Requested operation is presently disabled");
  slurm_.answers["show job 7"] = said("JobId=7 JobName=x\n   JobState=PENDING Reason=None\n   Requeue=1 Restarts=1\n");
  EXPECT_TRUE(decide());
  EXPECT_THAT(kinds(), ElementsAre(Kind::requeued));
}

TEST_F(Requeueing, chains_when_told_to) {
  give_script();
  wish_.how = Requeue::chain;
  slurm_.answers["sbatch"] = said("8\n");
  EXPECT_TRUE(decide());
  EXPECT_THAT(kinds(), ElementsAre(Kind::chained));
}

TEST_F(Requeueing, can_not_chain_a_script_that_is_not_ours) {
  wish_.how = Requeue::chain;
  EXPECT_FALSE(decide());
  EXPECT_THAT(slurm_.asked, Not(Contains(HasSubstr("sbatch"))));
}

TEST_F(Requeueing, says_so_when_sbatch_refuses_or_talks_nonsense) {
  give_script();
  wish_.how = Requeue::chain;
  slurm_.answers["sbatch"] = refused("sbatch: error: invalid partition\n");
  EXPECT_FALSE(decide());
  slurm_.answers["sbatch"] = said("welcome to the cluster\n");
  EXPECT_FALSE(decide());
  EXPECT_THAT(kinds(), IsEmpty());
}

TEST_F(Requeueing, tries_again_when_the_controller_does_not_answer) {
  slurm_.answers["scontrol requeue"] = refused("slurm_requeue error: Unable to contact slurm controller\n");
  EXPECT_FALSE(decide());
  EXPECT_EQ(std::count(slurm_.asked.begin(), slurm_.asked.end(), "scontrol requeue 7"), 3);
}

TEST_F(Requeueing, excludes_nodes_that_failed) {
  wish_.next.bad_nodes = "n3,n4";
  EXPECT_TRUE(decide());
  EXPECT_THAT(slurm_.asked, Contains("scontrol update JobId=7 ExcNodeList=n3,n4"));
  give_script();
  wish_.how = Requeue::chain;
  slurm_.answers["sbatch"] = said("8\n");
  EXPECT_TRUE(decide());
  EXPECT_THAT(slurm_.asked, Contains(HasSubstr("--exclude=n3,n4")));
}

}  // namespace
}  // namespace fugle::app
