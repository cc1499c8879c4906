#include "app/launch_srun.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fugle::app {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;

SrunWish wish_on(const std::vector<std::string>& living, std::uint32_t num_ranks, std::vector<std::uint32_t> cpus) {
  SrunWish wish;
  wish.job.id = "7";
  wish.job.nodes = {"n1", "n2", "n3", "n4"};
  wish.job.cpus = std::move(cpus);
  wish.nodes = living;
  wish.num_ranks = num_ranks;
  wish.step_name = "step";
  return wish;
}

TEST(LaunchSrun, says_everything_that_would_else_be_inherited) {
  const auto words = srun_command("/usr/bin/srun", wish_on({"n1", "n2", "n3", "n4"}, 4, {4, 4, 4, 4}));
  EXPECT_EQ(words.front(), "/usr/bin/srun");
  EXPECT_THAT(words, IsSupersetOf({"--jobid=7", "--overlap", "--mpi=pmix", "--nodes=4", "--ntasks=4",
                                   "--ntasks-per-node=1", "--nodelist=n[1-4]", "--cpus-per-task=4", "--cpu-bind=none",
                                   "--mem=0", "--no-kill", "--kill-on-bad-exit=0", "--wait=0", "--export=ALL"}));
}

TEST(LaunchSrun, starts_on_the_living_nodes_only) {
  const auto words = srun_command("srun", wish_on({"n1", "n2", "n4"}, 3, {4, 4, 1, 4}));
  EXPECT_THAT(words, IsSupersetOf({"--nodes=3", "--nodelist=n[1-2,4]", "--cpus-per-task=4"}));
}

TEST(LaunchSrun, leaves_the_cpus_to_slurm_where_nodes_differ) {
  const auto words = srun_command("srun", wish_on({"n1", "n2"}, 2, {4, 2, 4, 4}));
  EXPECT_THAT(words, Not(Contains(HasSubstr("--cpus-per-task"))));
  EXPECT_THAT(words, Not(Contains("--overcommit")));
}

TEST(LaunchSrun, shares_nodes_where_there_are_more_ranks_and_takes_fewer_where_there_are_less) {
  EXPECT_THAT(srun_command("srun", wish_on({"n1", "n2"}, 4, {4, 4, 4, 4})),
              IsSupersetOf({"--nodes=2", "--ntasks=4", "--ntasks-per-node=2", "--cpus-per-task=2"}));
  EXPECT_THAT(srun_command("srun", wish_on({"n1", "n2"}, 16, {4, 4, 4, 4})), Contains("--overcommit"));
  EXPECT_THAT(srun_command("srun", wish_on({"n1", "n2", "n3"}, 2, {4, 4, 4, 4})),
              IsSupersetOf({"--nodes=2", "--nodelist=n[1-2]"}));
}

TEST(LaunchSrun, drops_variables_that_are_options_of_srun_and_keeps_what_tells_of_the_job) {
  const auto environment = srun_environment(
      {"PATH=/bin", "SLURM_JOB_ID=7", "SLURM_NTASKS=8", "SLURM_MEM_PER_CPU=500", "SLURM_DISTRIBUTION=block",
       "SLURM_A_NEW_OPTION=1", "SLURM_RESTART_COUNT=2", "SLURM_ARRAY_TASK_ID=3", "PMIX_RANK=1",
       "OMPI_COMM_WORLD_RANK=1", "OMPI_MCA_btl_tcp_if_include=eth0", "SLURM_JOB_NODELIST=n[1-4]"},
      wish_on({"n3", "n4"}, 2, {4, 4, 4, 4}), false);
  EXPECT_THAT(environment, IsSupersetOf({"PATH=/bin", "SLURM_JOB_ID=7", "SLURM_RESTART_COUNT=2",
                                         "SLURM_ARRAY_TASK_ID=3", "OMPI_MCA_btl_tcp_if_include=eth0"}));
  for (const char* name : {"SLURM_NTASKS=", "SLURM_MEM_PER_CPU=", "SLURM_DISTRIBUTION=", "SLURM_A_NEW_OPTION=",
                           "PMIX_RANK=", "OMPI_COMM_WORLD_RANK="})
    EXPECT_THAT(environment, Not(Contains(HasSubstr(name))));
  EXPECT_THAT(environment, IsSupersetOf({"SLURM_JOB_NODELIST=n[3-4]", "SLURM_NODELIST=n[3-4]", "SLURM_NNODES=2",
                                         "SLURM_PMIX_FENCE=ring", "SRUN_CPUS_PER_TASK=4"}))
      << "PMIx is to see the nodes of the step";
}

TEST(LaunchSrun, looks_for_networks_only_where_there_are_some_and_leaves_the_users_choice) {
  const SrunWish wish = wish_on({"n1"}, 1, {4, 4, 4, 4});
  EXPECT_THAT(srun_environment({}, wish, false), Contains("OMPI_MCA_pml=ob1"));
  EXPECT_THAT(srun_environment({}, wish, true), Not(Contains("OMPI_MCA_pml=ob1")));
  EXPECT_THAT(srun_environment({"OMPI_MCA_pml=ucx"}, wish, false), Contains("OMPI_MCA_pml=ucx"));
}

}  // namespace
}  // namespace fugle::app
