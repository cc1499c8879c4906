#include "slurm/job.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/slurm/environments.hpp"

namespace fugle::slurm {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Job job_of(const std::string& environment, const std::string& daemon = "") {
  return job_around_us(environment_of(environment), daemon).value();
}

TEST(Job, is_nothing_outside_of_slurm) {
  EXPECT_FALSE(job_around_us(environment_of("HOME=/root\nSLURM_CONF=/etc/slurm/slurm.conf\n"), ""));
}

TEST(Job, of_a_batch_script_is_told_by_its_environment) {
  const Job job = job_of(kBatchScript);
  EXPECT_EQ(job.id, "1");
  EXPECT_EQ(job.part, Part::batch_script);
  EXPECT_THAT(job.nodes, ElementsAre("n1", "n2", "n3"));
  EXPECT_THAT(job.cpus, ElementsAre(2, 2, 2));
  EXPECT_EQ(job.submit_dir, "/home/ada/climate");
  EXPECT_EQ(job.cluster, "lab");
  EXPECT_EQ(job.restart_count, 0);
  EXPECT_EQ(job.num_het_components, 1);
  EXPECT_FALSE(job.array_id || job.step_id);
}

TEST(Job, counts_its_requeues) { EXPECT_EQ(job_of(kBatchScript + "SLURM_RESTART_COUNT=3\n").restart_count, 3); }

TEST(Job, a_shell_of_salloc_on_the_login_node_is_like_a_batch_script) {
  const Job job = job_of(kSallocShell);
  EXPECT_EQ(job.part, Part::batch_script);
  EXPECT_THAT(job.nodes, ElementsAre("n1", "n2"));
  EXPECT_THAT(job.cpus, ElementsAre(2, 1));
}

TEST(Job, the_shell_of_an_interactive_step_is_no_rank) {
  EXPECT_EQ(job_of(kInteractiveStep).part, Part::interactive);
  EXPECT_EQ(job_of(kInteractiveStep, "slurmstepd: [7.interactive]").part, Part::interactive);
  EXPECT_FALSE(job_of(kInteractiveStep).step_id);
}

TEST(Job, a_shell_of_srun_pty_is_no_rank_though_pmix_speaks_to_it) {
  EXPECT_EQ(job_of(kPtyStep, "slurmstepd: [10.0]").part, Part::interactive);
}

TEST(Job, a_process_of_srun_without_pmi_is_a_step) {
  const Job job = job_of(kPlainStep, "slurmstepd: [1.1]");
  EXPECT_EQ(job.part, Part::step);
  EXPECT_EQ(job.step_id, "1");
  EXPECT_EQ(job.num_step_tasks, 6);
  EXPECT_EQ(job_of(kPlainStep).part, Part::step);
}

TEST(Job, a_process_of_srun_with_pmi_is_a_rank) {
  EXPECT_EQ(job_of(kPmixRank, "slurmstepd: [1.1]").part, Part::rank);
  EXPECT_EQ(job_of(kPmixRank).part, Part::rank);
  EXPECT_EQ(job_of(kPmi2Rank, "slurmstepd: [8.1]").part, Part::rank);
}

TEST(Job, a_process_of_mpirun_is_a_rank_on_the_first_node_and_on_others) {
  EXPECT_EQ(job_of(kMpirunRank, "slurmstepd: [1.batch]").part, Part::rank);
  const std::string started_by_orted = kMpirunRank + "SLURM_STEP_ID=0\nSLURM_STEP_NUM_TASKS=2\n";
  EXPECT_EQ(job_of(started_by_orted, "slurmstepd: [1.0]").part, Part::rank);
}

TEST(Job, a_script_that_was_submitted_from_inside_a_step_is_not_that_step) {
  EXPECT_EQ(job_of(kSubmittedFromStep, "slurmstepd: [9.batch]").part, Part::batch_script);
  EXPECT_FALSE(job_of(kSubmittedFromStep, "slurmstepd: [9.batch]").step_id);
}

TEST(Job, a_plain_step_is_no_rank_when_the_variables_of_pmix_are_of_another_job) {
  EXPECT_EQ(job_of(kSubmittedFromStep + "SLURM_STEP_NUM_TASKS=4\n", "slurmstepd: [9.0]").part, Part::step);
}

TEST(Job, a_shell_of_salloc_typed_inside_another_job_is_not_a_step_of_that) {
  EXPECT_EQ(job_of(kPlainStep + "SLURM_JOB_ID=12\n", "slurmstepd: [1.1]").part, Part::batch_script);
}

TEST(Job, the_numbers_that_old_versions_give_the_batch_script_are_no_steps) {
  EXPECT_EQ(job_of(kBatchScript + "SLURM_STEP_ID=4294967294\n", "slurmstepd: [1.4294967294]").part, Part::batch_script);
}

TEST(Job, of_an_array_element_is_its_own) {
  const Job job = job_of(kArrayElement);
  EXPECT_EQ(job.id, "4");
  EXPECT_EQ(job.array_id, "3_3");
}

TEST(Job, of_several_components_has_the_nodes_of_all) {
  const Job script = job_of(kHetScript);
  EXPECT_EQ(script.num_het_components, 2);
  EXPECT_EQ(script.part, Part::batch_script);
  EXPECT_THAT(script.nodes, ElementsAre("n1", "n3", "n4"));
  EXPECT_THAT(script.cpus, ElementsAre(2, 1, 1));
  const Job rank = job_of(kHetRank, "slurmstepd: [6.0]");
  EXPECT_EQ(rank.part, Part::rank);
  EXPECT_EQ(rank.id, "5");
  EXPECT_THAT(rank.nodes, ElementsAre("n1", "n3", "n4"));
}

TEST(Job, leaves_out_what_it_can_not_read) {
  const Job job = job_of("SLURM_JOB_ID=1\nSLURM_JOB_NODELIST=n[3-\nSLURM_JOB_CPUS_PER_NODE=x\nSLURM_HET_SIZE=-1\n");
  EXPECT_THAT(job.nodes, IsEmpty());
  EXPECT_EQ(job.num_het_components, 1);
  EXPECT_THAT(job_of("SLURM_JOB_ID=1\nSLURM_JOB_NODELIST=n[1-2]\n").cpus, ElementsAre(0, 0));
}

TEST(Counts, are_read_as_slurm_shortens_them) {
  EXPECT_THAT(parse_counts("2(x3),1"), ElementsAre(2, 2, 2, 1));
  EXPECT_THAT(parse_counts("128"), ElementsAre(128));
  EXPECT_THAT(parse_counts(""), IsEmpty());
  EXPECT_THAT(parse_counts("2(x"), IsEmpty());
  EXPECT_THAT(parse_counts("2(x4000000000)"), IsEmpty());
}

}  // namespace
}  // namespace fugle::slurm
