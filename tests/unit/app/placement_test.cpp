#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/placement_options.hpp"
#include "base/error.hpp"

namespace fugle::app {
namespace {

using slurm::Part;

Surroundings in_job(Part part, std::uint32_t num_step_tasks = 1) {
  slurm::Job job;
  job.id = "7";
  job.part = part;
  job.nodes = {"n1", "n2", "n3"};
  job.cpus = {4, 4, 4};
  job.num_step_tasks = num_step_tasks;
  if (part == Part::rank || part == Part::step) job.step_id = "0";
  Surroundings around;
  around.is_rank = part == Part::rank;
  around.num_ranks = num_step_tasks;
  around.job = job;
  return around;
}

Placement decide(const WantedPlacement& wanted, const Surroundings& around, bool has_pmix = true) {
  return decide_placement(wanted, around, [=] { return has_pmix; });
}

std::string refusal_of(const WantedPlacement& wanted, const Surroundings& around) {
  try {
    (void)decide(wanted, around);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

WantedPlacement ranks(std::uint32_t count, Launcher launcher = Launcher::none) {
  return {count, false, std::nullopt, launcher};
}
WantedPlacement by(Launcher launcher) { return {std::nullopt, false, std::nullopt, launcher}; }
const WantedPlacement kNothing{};
const WantedPlacement kLocal{std::nullopt, true, std::nullopt, Launcher::none};

TEST(Placement, is_one_process_outside_of_launchers_and_jobs) {
  const Placement placement = decide(kNothing, {});
  EXPECT_EQ(placement.launcher, Launcher::none);
  EXPECT_EQ(placement.mpi_ranks, 0);
}

TEST(Placement, is_as_many_ranks_of_mpirun_as_were_asked_for) {
  EXPECT_EQ(decide(ranks(4), {}).launcher, Launcher::mpirun);
  EXPECT_EQ(decide(ranks(4), {}).mpi_ranks, 4);
  EXPECT_EQ(decide(ranks(4), in_job(Part::batch_script)).launcher, Launcher::mpirun);
  EXPECT_EQ(decide(ranks(4, Launcher::srun), in_job(Part::batch_script)).launcher, Launcher::srun);
}

TEST(Placement, in_a_script_or_shell_of_a_job_is_one_rank_on_each_node_by_srun) {
  for (const Part part : {Part::batch_script, Part::interactive}) {
    const Placement placement = decide(kNothing, in_job(part));
    EXPECT_EQ(placement.launcher, Launcher::srun);
    EXPECT_EQ(placement.mpi_ranks, 3);
  }
}

TEST(Placement, takes_mpirun_where_srun_has_no_pmix) {
  EXPECT_EQ(decide(kNothing, in_job(Part::batch_script), false).launcher, Launcher::mpirun);
  EXPECT_EQ(decide(kNothing, in_job(Part::batch_script), false).mpi_ranks, 3);
  EXPECT_EQ(decide(by(Launcher::srun), in_job(Part::batch_script), false).launcher, Launcher::srun);
  EXPECT_EQ(decide(by(Launcher::mpirun), in_job(Part::batch_script)).launcher, Launcher::mpirun);
}

TEST(Placement, is_one_process_when_asked_for_it_inside_a_job) {
  EXPECT_EQ(decide(kLocal, in_job(Part::batch_script)).mpi_ranks, 0);
}

TEST(Placement, is_one_process_in_a_job_whose_nodes_are_not_known) {
  Surroundings around = in_job(Part::batch_script);
  around.job->nodes.clear();
  EXPECT_EQ(decide(kNothing, around).mpi_ranks, 0);
}

TEST(Placement, of_a_rank_is_what_there_is) {
  const Placement by_srun = decide(kNothing, in_job(Part::rank, 6));
  EXPECT_EQ(by_srun.launcher, Launcher::srun);
  EXPECT_EQ(by_srun.mpi_ranks, 6);
  Surroundings of_mpirun = in_job(Part::rank, 2);
  of_mpirun.job->is_started_by_mpirun = true;
  EXPECT_EQ(decide(kNothing, of_mpirun).launcher, Launcher::mpirun);
  EXPECT_NE(refusal_of(ranks(4), in_job(Part::rank)), "");
  EXPECT_NE(refusal_of(kLocal, in_job(Part::rank)), "");
}

TEST(Placement, refuses_to_be_one_of_several_processes_that_know_nothing_of_each_other) {
  EXPECT_THAT(refusal_of(kNothing, in_job(Part::step, 6)), testing::HasSubstr("srun --mpi=pmix"));
  EXPECT_THAT(refusal_of(ranks(4), in_job(Part::step, 6)), testing::HasSubstr("srun --mpi=pmix"));
  EXPECT_EQ(decide(kLocal, in_job(Part::step, 6)).mpi_ranks, 0);
}

TEST(Placement, of_a_step_of_one_task_is_that_one) { EXPECT_EQ(decide(kNothing, in_job(Part::step, 1)).mpi_ranks, 0); }

TEST(Placement, refuses_what_makes_no_sense) {
  EXPECT_NE(refusal_of(ranks(0), {}), "");
  EXPECT_NE(refusal_of({4, true, std::nullopt, Launcher::none}, {}), "");
  EXPECT_NE(refusal_of({std::nullopt, false, 0, Launcher::none}, {}), "");
  EXPECT_NE(refusal_of(by(Launcher::srun), {}), "");
  EXPECT_NE(refusal_of(by(Launcher::mpirun), {}), "");
  EXPECT_NE(refusal_of({std::nullopt, true, std::nullopt, Launcher::srun}, in_job(Part::batch_script)), "");
}

}  // namespace
}  // namespace fugle::app
