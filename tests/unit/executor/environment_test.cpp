#include "executor/environment.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "executor/process_executor.hpp"

namespace fugle::executor {
namespace {

using testing::ElementsAre;

TEST(Environment, launcher_variables_are_removed_and_the_permission_to_run_as_root_stays) {
  EXPECT_THAT(
      scrub_environment({"OMPI_COMM_WORLD_RANK=1", "PMIX_RANK=1", "PMI_FD=3", "ORTE_X=1", "OPAL_X=1", "PRTE_X=1",
                         "SLURM_STEP_ID=0", "SLURM_STEPID=0", "SLURM_CPU_BIND_TYPE=mask", "SLURM_PROCID=0",
                         "SLURM_JOB_ID=12", "SLURM_PROCID_OF_MINE=1", "OMPI_ALLOW_RUN_AS_ROOT=1",
                         "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1", "PATH=/bin", "MY_OMPI_X=1"}),
      ElementsAre("SLURM_JOB_ID=12", "SLURM_PROCID_OF_MINE=1", "OMPI_ALLOW_RUN_AS_ROOT=1",
                  "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1", "PATH=/bin", "MY_OMPI_X=1"));
}

TEST(Environment, what_an_attempt_of_an_outer_run_was_told_is_removed) {
  EXPECT_THAT(scrub_environment({"FUGLE_ELEMENT=a[1]", "FUGLE_SCRATCH=/tmp/s", "FUGLE_RUN_STATE=OK", "FUGLE_IN_x=y",
                                 "FUGLE_MATRIX_n=1", "FUGLE_RUNS=/runs"}),
              ElementsAre("FUGLE_RUNS=/runs"));
}

TEST(Environment, a_variable_is_found_by_its_whole_name) {
  const std::vector<std::string> environment = {"TMPDIRS=/a", "TMPDIR=/b", "EMPTY="};
  EXPECT_EQ(find_variable(environment, "TMPDIR"), "/b");
  EXPECT_EQ(find_variable(environment, "EMPTY"), "");
  EXPECT_EQ(find_variable(environment, "TMP"), "");
}

TEST(Environment, the_last_setting_of_a_name_wins) {
  EXPECT_THAT(last_settings({"A=1", "B=2", "A=3", "A"}), ElementsAre("B=2", "A"));
  EXPECT_THAT(last_settings({"A=1", "AB=2", "A=3"}), ElementsAre("AB=2", "A=3"));
}

TEST(Environment, an_attempt_is_told_who_it_is_and_what_it_has) {
  graph::Task task;
  task.name = "grid";
  task.env = {{"FUGLE_PARAM_x", "5"}, {"TRY", std::string("no ") + graph::kSlot + "a0" + graph::kSlot}};
  task.env_names = {"OUT"};
  task.matrix_names = {"the-level"};
  task.input_names = {"in-file"};
  task.input_is_list = {false};
  task.output_names = {"h5"};
  graph::ElementText text;
  text.matrix = {"8"};
  text.env = {graph::output_slot(0, false)};
  scheduler::Launch launch;
  launch.id = "grid[8]";
  launch.attempt = 2;
  launch.index = 4;
  launch.granted = {16, 1024, 2};
  launch.place.cpus = {3, 0, 1, 2};
  launch.task = std::make_shared<graph::Task>(task);
  const std::vector<std::string> staged = {"/d/.2-out.h5"};
  graph::SlotValues slots{staged, launch.attempt, {}, {}};
  EXPECT_THAT(attempt_environment("run-1", "/runs/run-1", launch, text, {"/in.nc"}, slots),
              ElementsAre("FUGLE_ELEMENT=grid[8]", "FUGLE_ATTEMPT=2", "FUGLE_RUN_ID=run-1", "FUGLE_RUN_DIR=/runs/run-1",
                          "FUGLE_TASK=grid", "FUGLE_INDEX=4", "FUGLE_CORES=16", "FUGLE_RANKS=1", "FUGLE_NODES=1",
                          "FUGLE_GPUS=2", "FUGLE_CPUS=0-3", "FUGLE_MEM=1024", "FUGLE_MATRIX_the_level=8",
                          "FUGLE_IN_in_file=/in.nc", "FUGLE_OUT_h5=/d/.2-out.h5", "FUGLE_PARAM_x=5", "TRY=no 2",
                          "OUT=/d/.2-out.h5"));
  slots.scratch = "/tmp/s";
  slots.run_state = "FAILED";
  EXPECT_THAT(attempt_environment("run-1", "/runs/run-1", launch, text, {"/in.nc"}, slots),
              testing::IsSupersetOf({"FUGLE_SCRATCH=/tmp/s", "FUGLE_RUN_STATE=FAILED"}));
}

TEST(Environment, counts_cores_per_rank) {
  graph::Task task;
  task.name = "wrf";
  task.shape.ranks = 6;
  task.shape.nodes = 2;
  task.shape.cores_per_rank = 4;
  scheduler::Launch launch;
  launch.task = std::make_shared<graph::Task>(task);
  launch.granted.cores = 12;
  const auto environment = attempt_environment("run-1", "/runs/run-1", launch, {}, {}, {});
  for (const char* entry : {"FUGLE_CORES=4", "FUGLE_RANKS=6", "FUGLE_NODES=2"})
    EXPECT_THAT(environment, testing::Contains(entry));
}

}  // namespace
}  // namespace fugle::executor
