#include "app/doctor_job.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fugle::app {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

constexpr Time kNow = from_ns(1'795'208'205'000'000'000);

JobFacts good_facts() {
  JobFacts facts;
  facts.job.id = "12";
  facts.job.nodes = {"n1", "n2", "n3"};
  facts.job.cpus = {2, 2, 2};
  facts.record.emplace();
  facts.record->id = "12";
  facts.record->end = kNow + seconds(300);
  facts.grant = slurm::Grant{2, 1000 << 20, false};
  facts.mpi_plugins = {"none", "pmix"};
  facts.tree_width = 2;
  return facts;
}

Check check_named(const JobFacts& facts, const std::string& name) {
  for (const Check& check : checks_of_job(facts, kNow))
    if (check.name == name) return check;
  return {"", Verdict::bad, "there is no such check"};
}

TEST(DoctorInJob, says_what_was_granted_and_how_ranks_would_start) {
  const JobFacts facts = good_facts();
  for (const Check& check : checks_of_job(facts, kNow)) EXPECT_EQ(check.verdict, Verdict::good) << check.name;
  EXPECT_EQ(check_named(facts, "slurm").found, "inside job 12 on n[1-3], batch script or shell");
  EXPECT_EQ(check_named(facts, "granted").found, "2 CPUs here of 6 in all, 1000.0M of memory here");
  EXPECT_THAT(check_named(facts, "job end").found, HasSubstr("in 5m00s"));
  EXPECT_EQ(check_named(facts, "launcher").found, "srun --mpi=pmix, one rank on each of 3 nodes");
  EXPECT_EQ(check_named(facts, "requeue").found, "allowed, done 0 times");
}

TEST(DoctorInJob, says_what_is_amiss_and_what_to_do) {
  JobFacts facts = good_facts();
  facts.record->may_requeue = false;
  facts.mpi_plugins = {"none", "pmi2"};
  EXPECT_THAT(check_named(facts, "requeue").advice, HasSubstr("--requeue chain"));
  EXPECT_THAT(check_named(facts, "launcher").found, HasSubstr("mpirun"));
  facts.record.reset();
  EXPECT_EQ(check_named(facts, "job end").verdict, Verdict::note);
  facts.job.part = slurm::Part::step;
  facts.job.num_step_tasks = 3;
  EXPECT_EQ(check_named(facts, "slurm").verdict, Verdict::bad);
}

TEST(DoctorInJob, warns_of_an_srun_of_ones_own_where_its_fence_is_none) {
  JobFacts facts = good_facts();
  facts.tree_width = 50;
  EXPECT_THAT(check_named(facts, "pmix").advice, HasSubstr("SLURM_PMIX_FENCE=ring"));
  facts.job.nodes = {"n1"};
  EXPECT_EQ(check_named(facts, "pmix").name, "");
}

TEST(DoctorInJob, finds_values_in_what_scontrol_says) {
  EXPECT_EQ(value_in("TreeWidthX = 3\nTreeWidth               = 50\n", "TreeWidth"), "50");
  EXPECT_EQ(value_in("   ActiveFeatures=gpu,ib\n", "ActiveFeatures"), "gpu,ib");
  EXPECT_EQ(value_in("   ActiveFeatures=(null)\n", "ActiveFeatures"), "");
  EXPECT_EQ(value_in("", "TreeWidth"), "");
}

}  // namespace
}  // namespace fugle::app
