#include "app/job_news.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "app/job_submission.hpp"

namespace fugle::app {
namespace {

std::string squeue_line(const std::string& base, const std::string& job, const std::string& state, int status,
                        const std::string& path) {
  return fmt::format("{:<16}{:<16}{:<20}{:<12}{:<256}\n", base, job, state, status, path);
}

TEST(JobNews, squeue_tells_state_wait_status_and_output_of_each_element) {
  const auto news = parse_squeue(squeue_line("1", "1", "FAILED", 768, "/home/a b/slurm-1.out") +
                                 squeue_line("2", "5", "COMPLETED", 0, "") + squeue_line("3", "3", "FAILED", 9, ""));
  ASSERT_EQ(news.size(), 3u);
  EXPECT_EQ(news[0].exit_code, 3);
  EXPECT_EQ(news[0].signal, 0);
  EXPECT_EQ(news[0].output, "/home/a b/slurm-1.out");
  EXPECT_EQ(news[1].base, "2");
  EXPECT_EQ(news[1].job, "5");
  EXPECT_EQ(news[2].signal, 9);
}

TEST(JobNews, lines_that_are_no_jobs_say_nothing) {
  EXPECT_TRUE(parse_squeue("").empty());
  EXPECT_TRUE(parse_squeue("slurm_load_jobs error: Unable to contact slurm controller (connect failure)\n").empty());
  EXPECT_TRUE(parse_sacct("sacct: error: Problem talking to the database\n").empty());
  EXPECT_TRUE(parse_scontrol("slurm_load_jobs error: Invalid job id specified\n").empty());
}

TEST(JobNews, sacct_names_who_cancelled_and_counts_arrays) {
  const auto news = parse_sacct("7|7|CANCELLED by 1000|0:0\n8_2|10|FAILED|2:0\n9+0|9|TIMEOUT|0:15\n");
  ASSERT_EQ(news.size(), 3u);
  EXPECT_EQ(news[0].state, "CANCELLED");
  EXPECT_EQ(news[1].base, "8");
  EXPECT_EQ(news[1].exit_code, 2);
  EXPECT_EQ(news[2].base, "9");
}

TEST(JobNews, scontrol_tells_in_one_line) {
  const auto news = parse_scontrol(
      "JobId=12 ArrayJobId=11 ArrayTaskId=1 JobName=wrap JobState=FAILED Reason=NonZeroExitCode ExitCode=4:0 "
      "StdErr=/x/e StdOut=/x/o Power=\n");
  ASSERT_EQ(news.size(), 1u);
  EXPECT_EQ(news[0].base, "11");
  EXPECT_EQ(news[0].job, "12");
  EXPECT_EQ(news[0].state, "FAILED");
  EXPECT_EQ(news[0].exit_code, 4);
  EXPECT_EQ(news[0].output, "/x/o");
}

TEST(JobNews, exit_codes_are_the_jobs_own) {
  const auto code = [](const std::string& state, int exit_code, int signal) {
    return verdict_on({"1", "1", state, exit_code, signal, ""}).exit_code;
  };
  EXPECT_EQ(code("COMPLETED", 0, 0), 0);
  EXPECT_EQ(code("FAILED", 3, 0), 3);
  EXPECT_EQ(code("FAILED", 0, 9), 137);
  EXPECT_EQ(code("FAILED", 0, 0), 1) << "never 0";
  EXPECT_EQ(code("TIMEOUT", 0, 15), 124);
  EXPECT_EQ(code("CANCELLED", 0, 15), 143);
  EXPECT_EQ(code("OUT_OF_MEMORY", 0, 125), 137);
  EXPECT_EQ(code("NODE_FAIL", 0, 0), 75);
}

TEST(JobNews, only_last_states_are_last) {
  for (const char* state : {"PENDING", "RUNNING", "COMPLETING", "CONFIGURING", "SUSPENDED", "REQUEUED", "STAGE_OUT",
                            "A_STATE_OF_A_LATER_SLURM"})
    EXPECT_EQ(finality_of(state), Finality::goes_on) << state;
  EXPECT_EQ(finality_of("NODE_FAIL"), Finality::may_be_over);
  EXPECT_EQ(finality_of("COMPLETED"), Finality::over);
}

TEST(JobSubmission, the_job_around_us_stays_out) {
  for (const char* name : {"SLURM_JOB_ID", "SLURM_MEM_PER_NODE", "SLURM_CPU_BIND", "PMIX_RANK", "OMPI_COMM_WORLD_RANK",
                           "FUGLE_RUN_ID", "FUGLE_ELEMENT", "FUGLE_CPUS", "CUDA_VISIBLE_DEVICES"})
    EXPECT_TRUE(is_of_surroundings(name)) << name;
  for (const char* name : {"SLURM_CONF", "SBATCH_PARTITION", "SBATCH_ACCOUNT", "PATH", "FUGLE_PARAM_steps",
                           "FUGLE_RUNS", "OMPI_MCA_btl", "SLURMISH"})
    EXPECT_FALSE(is_of_surroundings(name)) << name;
}

TEST(JobSubmission, the_name_of_the_job_may_have_a_cluster_and_words_before_it) {
  EXPECT_EQ(parse_job_name("1234\n"), (JobName{"1234", ""}));
  EXPECT_EQ(parse_job_name("welcome to the site\n17;east\n"), (JobName{"17", "east"}));
  EXPECT_EQ(parse_job_name("sbatch: error: no\n"), std::nullopt);
}

}  // namespace
}  // namespace fugle::app
