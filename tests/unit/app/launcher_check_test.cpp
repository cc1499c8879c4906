#include "app/launcher_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "app/fit_check.hpp"
#include "workflow/expand.hpp"
#include "workflow/reader.hpp"

namespace fugle::app {
namespace {

struct World {
  std::set<std::string> path;
  bool is_in_job = false;
  std::optional<std::uint64_t> max_steps{};
};

std::string messages(const std::string& tasks, const World& world) {
  workflow::Diagnostics diagnostics("w.yaml");
  const auto file = workflow::read_workflow("version: 1\nname: w\ntasks:\n" + tasks, diagnostics);
  const auto graph = workflow::expand(*file, {}, diagnostics);
  LauncherQuestion question{*graph, &*file, world.is_in_job, {}, {}};
  question.is_in_path = [&](const std::string& name) { return name == "bash" || world.path.contains(name); };
  question.max_steps = [&] { return world.max_steps; };
  check_launchers(question, elements_per_task(*graph), diagnostics);
  diagnostics.sort();
  return diagnostics.to_text();
}

std::string first(const std::string& tasks, const World& world) {
  const std::string all = messages(tasks, world);
  return all.substr(0, all.find('\n'));
}

TEST(LauncherCheck, names_the_launcher_that_is_not_there_and_who_needs_it) {
  const std::string wrf = "  wrf: {run: [x], resources: {ranks: 4}, launcher: srun}\n";
  EXPECT_EQ(first(wrf, {{"mpirun"}, true}),
            "w.yaml:4:52: error E306: launcher 'srun' not found in PATH; task wrf needs it");
  EXPECT_EQ(first(wrf, {{"srun"}, true}), "");
  EXPECT_EQ(first(wrf, {{"srun"}, false}), "");
}

TEST(LauncherCheck, takes_srun_or_mpirun_in_a_job_and_mpirun_elsewhere) {
  const std::string wrf = "  wrf: {run: 'x', resources: {ranks: 4}}\n";
  EXPECT_EQ(first(wrf, {{"srun"}, true}), "");
  EXPECT_EQ(first(wrf, {{"mpirun"}, true}), "");
  EXPECT_EQ(first(wrf, {{"srun"}, false}),
            "w.yaml:4:3: error E306: launcher 'mpirun' not found in PATH; task wrf needs it");
  EXPECT_EQ(first(wrf, {{}, true}),
            "w.yaml:4:3: error E306: launcher 'srun' or 'mpirun' not found in PATH; task wrf needs it");
}

TEST(LauncherCheck, looks_for_the_first_word_of_a_template) {
  const std::string wrf = "  wrf: {run: [x], resources: {ranks: 4}, launcher: ' aprun -n {ranks}'}\n";
  EXPECT_THAT(first(wrf, {{"mpirun"}, false}), ::testing::HasSubstr("launcher 'aprun' not found in PATH"));
  EXPECT_EQ(first(wrf, {{"aprun"}, false}), "");
}

TEST(LauncherCheck, says_nothing_of_tasks_that_start_no_ranks_or_have_a_path_of_their_own) {
  EXPECT_EQ(messages("  a: {run: x, launcher: srun}\n"
                     "  b: {run: x, resources: {ranks: 4}, launcher: none}\n"
                     "  c: {run: [x], resources: {ranks: 4}, launcher: srun, env: {PATH: /opt/bin}}\n"
                     "  d: {plugin: 'x:f', resources: {ranks: 4}, isolate: false}\n",
                     {{}, false}),
            "");
}

TEST(LauncherCheck, warns_of_more_steps_than_a_job_may_have) {
  const std::string many = "  a: {run: [x], matrix: {i: '1..60000'}, resources: {ranks: 2}}\n";
  EXPECT_EQ(first(many, {{"srun"}, true, 40000}),
            "command line: warning W08: 60000 job steps planned, the site allows 40000 per job");
  EXPECT_EQ(first(many, {{"srun"}, true, 60000}), "");
  EXPECT_EQ(first(many, {{"srun"}, true, std::nullopt}), "");
  EXPECT_EQ(first(many, {{"mpirun"}, true, 40000}), "");
  EXPECT_EQ(first(many, {{"srun", "mpirun"}, false, 40000}), "");
}

TEST(LauncherCheck, finds_the_limit_of_steps_in_the_configuration) {
  EXPECT_EQ(max_step_count_in("MaxNodeCount            = 5\nMaxStepCount            = 40000\nX = 1\n"), 40000U);
  EXPECT_EQ(max_step_count_in("MaxStepCount            = (null)\n"), std::nullopt);
  EXPECT_EQ(max_step_count_in("slurm_load_ctl_conf error: Unable to contact slurm controller"), std::nullopt);
}

}  // namespace
}  // namespace fugle::app
