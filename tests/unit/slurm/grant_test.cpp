#include "slurm/grant.hpp"

#include <gtest/gtest.h>

#include "unit/slurm/environments.hpp"

namespace fugle::slurm {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;

Grant grant_of(const std::string& environment) { return grant_on_this_node(environment_of(environment)).value(); }

TEST(Grant, is_nothing_outside_of_jobs_and_on_the_login_node) {
  EXPECT_FALSE(grant_on_this_node(environment_of("HOME=/root\n")));
  EXPECT_FALSE(grant_on_this_node(environment_of(kSallocShell)));
}

TEST(Grant, is_memory_for_each_cpu) {
  EXPECT_EQ(grant_of(kBatchScript).cpus, 2);
  EXPECT_EQ(grant_of(kBatchScript).mem_bytes, 1000 * kMiB);
  EXPECT_EQ(grant_of(kHetRank).mem_bytes, 500 * kMiB);
}

TEST(Grant, is_memory_for_the_node) {
  EXPECT_EQ(grant_of(kArrayElement).mem_bytes, 200 * kMiB);
  EXPECT_FALSE(grant_of(kArrayElement + "SLURM_MEM_PER_NODE=0\n").mem_bytes) << "0 is all there is";
}

TEST(Grant, is_memory_for_each_gpu) {
  const std::string gpus = "SLURM_JOB_ID=1\nSLURMD_NODENAME=n1\nSLURM_CPUS_ON_NODE=4\nSLURM_GPUS_ON_NODE=2\n";
  EXPECT_EQ(grant_of(gpus + "SLURM_MEM_PER_GPU=1000\n").mem_bytes, 2000 * kMiB);
  EXPECT_FALSE(grant_of(gpus).mem_bytes);
}

TEST(Grant, is_what_was_noted_before_an_srun_of_ours_that_asks_for_all_memory) {
  std::vector<std::string> environment{"FUGLE_JOB_MEM_PER_NODE=9", "SLURM_MEM_PER_CPU=300", "SLURM_MEM_PER_CPU_HET=1"};
  note_memory(environment);
  EXPECT_EQ(environment, (std::vector<std::string>{"SLURM_MEM_PER_CPU=300", "SLURM_MEM_PER_CPU_HET=1",
                                                   "FUGLE_JOB_MEM_PER_CPU=300"}));
  EXPECT_EQ(grant_of(kPmixRank + "SLURM_MEM_PER_NODE=0\nFUGLE_JOB_MEM_PER_CPU=300\n").mem_bytes, 600 * kMiB);
}

TEST(Grant, says_when_each_task_has_gpus_of_its_own) {
  EXPECT_FALSE(grant_of(kPmixRank).has_gpus_per_task);
  EXPECT_TRUE(grant_of(kPmixRank + "SLURM_GPUS_PER_TASK=1\n").has_gpus_per_task);
}

TEST(Grant, leaves_out_what_it_can_not_read) {
  const Grant grant = grant_of("SLURM_JOB_ID=1\nSLURMD_NODENAME=n1\nSLURM_CPUS_ON_NODE=x\nSLURM_MEM_PER_NODE=-1\n");
  EXPECT_EQ(grant.cpus, 0);
  EXPECT_FALSE(grant.mem_bytes);
}

}  // namespace
}  // namespace fugle::slurm
