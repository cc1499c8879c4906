#include "app/batch_script.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"

namespace fugle::app {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using workflow::SlurmRequest;

BatchScript example() {
  BatchScript script;
  script.program = "/opt/fugle/bin/fugle";
  script.run = "heat-20261120T093012-qkzd";
  script.run_dir = "/home/u/.fugle/heat-20261120T093012-qkzd";
  script.workflow = "heat";
  script.file = "heat.yaml";
  script.submit_dir = "/home/u";
  script.requeue = "auto";
  return script;
}

TEST(BatchScript, resumes_the_run_on_whole_nodes_with_one_rank_each) {
  BatchScript script = example();
  script.request.nodes = 4;
  script.request.time = std::chrono::hours(30);
  const std::string text = text_of(script);
  for (const char* line :
       {"#SBATCH --job-name=heat\n", "#SBATCH --chdir=/home/u\n", "#SBATCH --nodes=4\n",
        "#SBATCH --ntasks-per-node=1\n", "#SBATCH --exclusive\n", "#SBATCH --time=1-06:00:00\n", "#SBATCH --no-kill\n",
        "#SBATCH --signal=B:USR1@120\n", "#SBATCH --requeue\n", "#SBATCH --open-mode=append\n",
        "#SBATCH --export=ALL\n", "#SBATCH --output=/home/u/.fugle/heat-20261120T093012-qkzd/slurm-%j.out\n"})
    EXPECT_THAT(text, HasSubstr(line));
  EXPECT_THAT(text, testing::StartsWith("#!/bin/bash\n"));
  EXPECT_THAT(text, EndsWith("exec /opt/fugle/bin/fugle resume /home/u/.fugle/heat-20261120T093012-qkzd --requeue auto "
                             "\"$@\"\n"));
}

TEST(BatchScript, leaves_to_the_site_what_nobody_said) {
  const std::string text = text_of(example());
  for (const char* option : {"--time", "--partition", "--account", "--mem", "--gpus", "--mail", "--qos"})
    EXPECT_THAT(text, Not(HasSubstr(option)));
  EXPECT_THAT(text, HasSubstr("#SBATCH --nodes=1\n"));
}

TEST(BatchScript, quotes_what_sbatch_and_the_shell_would_take_apart) {
  BatchScript script = example();
  script.run_dir = "/home/a b/50%/r";
  script.submit_dir = "/home/a b";
  script.request.extra = {"--comment=a \"b\" # c"};
  const std::string text = text_of(script);
  EXPECT_THAT(text, HasSubstr("#SBATCH \"--chdir=/home/a b\"\n"));
  EXPECT_THAT(text, HasSubstr("#SBATCH \"--output=/home/a b/50%%/r/slurm-%j.out\"\n"));
  EXPECT_THAT(text, HasSubstr("#SBATCH \"--comment=a \\\"b\\\" # c\"\n"));
  EXPECT_THAT(text, HasSubstr("resume '/home/a b/50%/r' --requeue"));
}

TEST(BatchScript, an_extra_option_takes_the_place_of_ours) {
  BatchScript script = example();
  script.request.extra = {"--signal=B:USR1@600", "-omine.out", "--cpus-per-task=2"};
  const std::string text = text_of(script);
  EXPECT_THAT(text, Not(HasSubstr("USR1@120")));
  EXPECT_THAT(text, Not(HasSubstr("slurm-%j.out")));
  EXPECT_THAT(text, Not(HasSubstr("--exclusive")));
  EXPECT_THAT(text, HasSubstr("#SBATCH --signal=B:USR1@600\n"));
  EXPECT_THAT(text, HasSubstr("#SBATCH -omine.out\n"));
}

TEST(BatchScript, asks_for_the_cores_of_the_largest_task_on_shared_nodes) {
  BatchScript script = example();
  script.request.exclusive = false;
  script.cores_per_node = 3;
  EXPECT_THAT(text_of(script), HasSubstr("#SBATCH --cpus-per-task=3\n"));
  EXPECT_THAT(text_of(script), Not(HasSubstr("--exclusive")));
}

TEST(BatchScript, only_what_is_never_to_go_on_is_not_requeued_by_slurm) {
  BatchScript script = example();
  script.requeue = "chain";  // a node may take it down before its time is over
  EXPECT_THAT(text_of(script), HasSubstr("#SBATCH --requeue\n"));
  EXPECT_THAT(text_of(script), HasSubstr("--requeue chain \"$@\""));
  script.requeue = "never";
  EXPECT_THAT(text_of(script), HasSubstr("#SBATCH --no-requeue\n"));
}

TEST(SbatchWords, what_fugle_has_to_know_is_put_over_the_request) {
  SlurmRequest request;
  request.nodes = 9;
  request.partition = "main";
  const auto once =
      take_sbatch_words({"--nodes=2", "-t", "1-12", "-pshort", "--mem", "4G", "--gpus-per-node=2"}, request);
  EXPECT_THAT(once, IsEmpty());
  EXPECT_THAT(request.extra, IsEmpty());
  EXPECT_EQ(request.nodes, 2U);
  EXPECT_EQ(request.time, std::chrono::hours(36));
  EXPECT_EQ(request.partition, "short");
  EXPECT_EQ(request.mem_bytes, std::uint64_t{4} << 30);
  EXPECT_EQ(request.gpus_per_node, 2U);
}

TEST(SbatchWords, times_are_read_as_slurm_does) {
  const auto time_of = [](const std::string& text) {
    SlurmRequest request;
    (void)take_sbatch_words({"--time=" + text}, request);
    return request.time;
  };
  EXPECT_EQ(time_of("90"), std::chrono::minutes(90));
  EXPECT_EQ(time_of("90:30"), std::chrono::seconds(90 * 60 + 30));
  EXPECT_EQ(time_of("2:00:01"), std::chrono::seconds(7201));
  EXPECT_EQ(time_of("1-2:30"), std::chrono::minutes(26 * 60 + 30));
  EXPECT_EQ(time_of("UNLIMITED"), Duration{0});
}

TEST(SbatchWords, what_slurm_alone_understands_stays_as_it_is) {
  SlurmRequest request;
  (void)take_sbatch_words({"--switches", "1", "-x", "n3", "--nodes=2-4", "--time=UNLIMITED", "--no-requeue"}, request);
  EXPECT_THAT(request.extra, ElementsAre("--switches=1", "-xn3", "--nodes=2-4", "--time=UNLIMITED"));
  EXPECT_EQ(request.nodes, 2U);
  EXPECT_EQ(request.requeue, workflow::Requeue::never);
}

TEST(SbatchWords, what_one_job_waits_for_is_not_for_the_next) {
  SlurmRequest request;
  EXPECT_THAT(take_sbatch_words({"-H", "--begin=now+1hour", "-d", "afterok:7"}, request),
              ElementsAre("--hold", "--begin=now+1hour", "--dependency=afterok:7"));
}

TEST(SbatchWords, what_makes_no_sense_is_refused) {
  SlurmRequest request;
  EXPECT_THROW((void)take_sbatch_words({"--array=1-4"}, request), UsageError);
  EXPECT_THROW((void)take_sbatch_words({"-a", "1-4"}, request), UsageError);
  EXPECT_THROW((void)take_sbatch_words({"--wrap=true"}, request), UsageError);
  EXPECT_THROW((void)take_sbatch_words({"--wait"}, request), UsageError);
  EXPECT_THROW((void)take_sbatch_words({"job.sh"}, request), UsageError);
  EXPECT_THROW((void)take_sbatch_words({"--nodes=many"}, request), UsageError);
  EXPECT_THROW((void)take_sbatch_words({"--comment=a\nb"}, request), UsageError);
}

TEST(SbatchWords, options_of_a_file_may_have_their_values_beside_them) {
  SlurmRequest request;
  request.extra = {"--nice 5", "--comment=a b", "--nodes 3"};
  (void)sort_extra(request);
  EXPECT_THAT(request.extra, ElementsAre("--nice=5", "--comment=a b"));
  EXPECT_EQ(request.nodes, 3U);
}

}  // namespace
}  // namespace fugle::app
