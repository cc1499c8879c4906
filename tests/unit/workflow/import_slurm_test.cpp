#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "workflow/expand.hpp"
#include "workflow/import.hpp"
#include "workflow/sbatch_launch.hpp"

namespace fugle::workflow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Words = std::vector<std::string>;

struct Imported {
  std::optional<Workflow> workflow;
  std::optional<graph::Graph> graph;
  std::string messages;

  const graph::Task& task(const std::string& id) const { return graph->task_of(graph->find(id)); }
  Words needs(const std::string& id) const {
    Words ids;
    for (const ElementId need : graph->real_needs(graph->find(id))) ids.emplace_back(graph->id(need));
    return ids;
  }
};

/// Calls with the ids that sbatch would have given.
class Driver {
 public:
  Driver& submit(Words words, std::string body = "true\n") {
    SbatchCall call;
    call.id = next_id_;
    call.words = std::move(words);
    call.words.push_back("job.sh");
    call.script = "#!/bin/bash\n" + body;
    call.script_path = "job.sh";
    call.directory = "/submit";
    call.host = "login";
    call.user = "ann";
    Diagnostics ignored("job.sh");
    const auto job = read_sbatch_call(call, {true}, ignored);
    next_id_ += job ? job->num_elements() : 1;
    calls.push_back(std::move(call));
    return *this;
  }

  Imported import(bool approximates = false) const {
    Imported result;
    Diagnostics diagnostics("driver.sh");
    result.workflow = import_slurm(calls, {"driver", "/bin/fugle", {approximates}}, diagnostics);
    ExpandOptions expansion;
    expansion.directory = "/submit";
    if (result.workflow) result.graph = expand(*result.workflow, expansion, diagnostics);
    diagnostics.sort();
    result.messages = diagnostics.to_text();
    return result;
  }

  std::vector<SbatchCall> calls;

 private:
  std::uint64_t next_id_ = 1;
};

/// One job with one directive.
Imported directive(const std::string& text, bool approximates = false) {
  return Driver().submit({}, "#SBATCH " + text + "\ntrue\n").import(approximates);
}

TEST(ImportSlurm, a_script_is_a_task_named_by_its_job_name_or_file) {
  const Imported plain = Driver().submit({}).import();
  ASSERT_TRUE(plain.graph) << plain.messages;
  EXPECT_EQ(plain.messages, "");
  EXPECT_EQ(plain.graph->id(ElementId(0)), "job_sh");
  EXPECT_EQ(plain.task("1").workdir, "/submit");
  EXPECT_TRUE(plain.task("1").has_scratch) << "the script is put there";
  EXPECT_EQ(directive("-J 'my run'").graph->id(ElementId(0)), "my_run");
  EXPECT_EQ(directive("--chdir=sub/dir").task("1").workdir, "/submit/sub/dir");
}

TEST(ImportSlurm, directives_are_read_as_sbatch_reads_them) {
  EXPECT_EQ(directive("-J ab # hi -n4").graph->id(ElementId(0)), "ab");
  EXPECT_EQ(directive("-J a#b").graph->id(ElementId(0)), "a") << "as tried with Slurm 22.05";
  EXPECT_EQ(directive("-Qn4 -J x").task("1").request.cores, 4U);
  EXPECT_EQ(directive("--job-n=abbr --cpus-per-t 3").task("1").request.cores, 3U);
  EXPECT_EQ(directive("-J a\\ b").graph->id(ElementId(0)), "a_b");
  const auto lines = [](const std::string& text) { return Driver().submit({}, text).import(); };
  EXPECT_EQ(lines("\n# c\n  # d\n##SBATCH -J no\n #SBATCH -J no\n#SBATCH -J yes\ntrue\n#SBATCH -J no\n")
                .graph->id(ElementId(0)),
            "yes");
  EXPECT_EQ(lines("#SBATCH -J one\n#SBATCH -J two\n").graph->id(ElementId(0)), "two");
}

TEST(ImportSlurm, the_command_line_wins_over_the_environment_and_that_over_directives) {
  Driver driver;
  driver.submit({"-c", "2"}, "#SBATCH -c 8 -t 5 -J script\ntrue\n");
  driver.calls[0].options = {{"SBATCH_TIMELIMIT", "10"}, {"SBATCH_JOB_NAME", "env"}};
  const Imported imported = driver.import();
  EXPECT_EQ(imported.task("env").request.cores, 2U);
  EXPECT_EQ(imported.task("env").timeout, std::chrono::minutes(10));
}

TEST(ImportSlurm, malformed_lines_are_E502_with_their_place) {
  EXPECT_THAT(
      directive("--mme=4G").messages,
      HasSubstr("job.sh:2:9: error E502: import: cannot read this line as slurm: sbatch has no option '--mme'"));
  EXPECT_THAT(directive("-J x stray").messages, HasSubstr("job.sh:2:14: error E502"));
  EXPECT_THAT(directive("-J \"x").messages, HasSubstr("is never closed"));
  EXPECT_THAT(directive("-n four").messages, HasSubstr("--ntasks 'four'"));
  EXPECT_THAT(directive("-t=5").messages, HasSubstr("--time '=5'"));
  EXPECT_THAT(directive("--mem=1.5G").messages, HasSubstr("--mem '1.5G'"));
  EXPECT_THAT(directive("-a 3-1").messages, HasSubstr("--array '3-1'"));
  EXPECT_THAT(directive("-d bogus:1").messages, HasSubstr("--dependency 'bogus:1'"));
  EXPECT_THAT(directive("--parsable=1").messages, HasSubstr("takes no value"));
  EXPECT_THAT(directive("-J").messages, HasSubstr("needs a value"));
  Driver no_shebang;
  no_shebang.submit({});
  no_shebang.calls[0].script = "echo\n";
  EXPECT_THAT(no_shebang.import().messages, HasSubstr("job.sh:1:1: error E502"));
  no_shebang.calls[0].script = "#!/bin/sh\r\ntrue\r\n";
  EXPECT_THAT(no_shebang.import().messages, HasSubstr("DOS line breaks"));
}

TEST(ImportSlurm, resources_are_those_of_the_element) {
  EXPECT_EQ(directive("-n 4 -c 2").task("1").request.cores, 8U);
  EXPECT_EQ(directive("-N 1 --ntasks-per-node=3").task("1").request.cores, 3U);
  EXPECT_EQ(directive("--mem=4G").task("1").request.mem_bytes, std::uint64_t{4} << 30);
  EXPECT_EQ(directive("--mem=500").task("1").request.mem_bytes, std::uint64_t{500} << 20);
  EXPECT_EQ(directive("-n 4 --mem-per-cpu=1G").task("1").request.mem_bytes, std::uint64_t{4} << 30);
  EXPECT_EQ(directive("--gres=gpu:a100:2").task("1").request.gpus, 2U);
  EXPECT_EQ(directive("-G 3").task("1").request.gpus, 3U);
  EXPECT_EQ(directive("-n 2 --gpus-per-task=2").task("1").request.gpus, 4U);
  EXPECT_EQ(directive("--tmp=10G").task("1").scratch_bytes, std::uint64_t{10} << 30);
}

TEST(ImportSlurm, times_are_those_of_slurm) {
  using namespace std::chrono_literals;
  EXPECT_EQ(parse_slurm_time("90"), Duration(90min));
  EXPECT_EQ(parse_slurm_time("1:30"), Duration(2min)) << "seconds make a minute";
  EXPECT_EQ(parse_slurm_time("1:00:00"), Duration(1h));
  EXPECT_EQ(parse_slurm_time("2-3"), Duration(51h));
  EXPECT_EQ(parse_slurm_time("1-0:30"), Duration(24h + 30min));
  EXPECT_EQ(parse_slurm_time("UNLIMITED"), Duration(0));
  EXPECT_FALSE(parse_slurm_time("1h"));
  EXPECT_FALSE(parse_slurm_time("1:2:3:4"));
  EXPECT_EQ(directive("-t 1:00:00").task("1").timeout, 1h);
}

TEST(ImportSlurm, an_array_has_an_element_per_index_and_their_variables) {
  const Imported array = directive("--array=1-5:2,9 -J a -o out_%A_%3a.log");
  ASSERT_EQ(array.graph->num_real_elements(), 4U);
  EXPECT_EQ(array.graph->id(ElementId(3)), "a[9]");
  const std::string text = array.task("a[9]").shell.back();
  EXPECT_THAT(text, HasSubstr("SLURM_ARRAY_JOB_ID=1 SLURM_ARRAY_TASK_ID=$FUGLE_MATRIX_array SLURM_ARRAY_TASK_COUNT=4 "
                              "SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_MAX=9 SLURM_ARRAY_TASK_STEP=1"));
  EXPECT_THAT(text, HasSubstr(">out_\"1\"_\"$(printf %03d $SLURM_ARRAY_TASK_ID)\".log 2>&1"));
  EXPECT_EQ(parse_array("0-8:4")->step, 4);
  EXPECT_FALSE(parse_array("1-"));
  EXPECT_FALSE(parse_array("4194304"));
}

TEST(ImportSlurm, an_array_runs_only_as_many_elements_at_once_as_it_says) {
  const Imported array = directive("-a 0-4%2 -J a");
  EXPECT_THAT(array.needs("a[4]"), ElementsAre());
  EXPECT_EQ(array.task("a[4]").max_parallel, 2U);
}

TEST(ImportSlurm, dependencies_are_needs) {
  Driver driver;
  driver.submit({"-J", "a", "-a", "1-2"})
      .submit({"-J", "b", "-d", "afterok:1"})
      .submit({"-J", "c", "-d", "aftercorr:1", "-a", "1-2"});
  driver.submit({"-J", "d", "-d", "afterok:1_2,afterany:3"}).submit({"-J", "e", "-d", "afterany:4"});
  const Imported chain = driver.import();
  ASSERT_TRUE(chain.graph) << chain.messages;
  EXPECT_EQ(driver.calls[1].id, 3U) << "an array takes an id per element";
  EXPECT_THAT(chain.needs("b"), ElementsAre("a[1]", "a[2]"));
  EXPECT_THAT(chain.needs("c[2]"), ElementsAre("a[2]"));
  EXPECT_THAT(chain.needs("d"), ElementsAre("a[2]", "b"));
  EXPECT_TRUE(chain.graph->is_end_gate(ElementId(chain.graph->needs(chain.graph->find("e"))[0])));
  EXPECT_FALSE(chain.graph->is_gate(ElementId(chain.graph->needs(chain.graph->find("c[1]"))[0])));
}

TEST(ImportSlurm, a_singleton_comes_after_the_end_of_all_of_its_name_before_it) {
  Driver driver;
  driver.submit({"-J", "x"}).submit({"-J", "y"}).submit({"-J", "x", "-d", "singleton"});
  const Imported chain = driver.import();
  ASSERT_TRUE(chain.graph) << chain.messages;
  EXPECT_THAT(chain.needs("3"), ElementsAre("x"));
  EXPECT_TRUE(chain.graph->is_end_gate(ElementId(chain.graph->needs(chain.graph->find("3"))[0])));
}

TEST(ImportSlurm, what_has_no_equivalent_is_E501_with_its_place) {
  for (const char* option : {"--bb=x", "-N 2", "--gres=license:1", "-d after:1", "-d afternotok:1", "-d after:1+5",
                             "--begin=now+1", "--exclusive", "-L lic:2", "--mem=0", "--wait", "--uid=5", "-H", "-w n1",
                             "-d afterok:1?afterany:2", "--container=/x", "hetjob"})
    EXPECT_THAT(directive(option).messages, HasSubstr("job.sh:2:9: error E501: import: ")) << option;
  EXPECT_THAT(directive("-d afterok:77").messages,
              HasSubstr("job 1: error E501: import: --dependency=afterok:77 has no equivalent; job 77 is not among the "
                        "recorded ones"));
  EXPECT_THAT(Driver().submit({"--bb=x"}).import().messages, HasSubstr("job 1: error E501: import: --bb"));
  Driver unequal;
  unequal.submit({"-a", "1-3"}).submit({"-a", "1-2", "-d", "aftercorr:1"});
  EXPECT_THAT(unequal.import().messages, HasSubstr("the arrays have other indices"));
}

TEST(ImportSlurm, approximations_are_accepted_when_asked_for) {
  for (const char* option : {"--begin=now+1", "--exclusive", "-L lic:2", "--deadline=now", "-w n1"}) {
    const Imported imported = directive(option, true);
    EXPECT_TRUE(imported.graph) << imported.messages;
    EXPECT_THAT(imported.messages, HasSubstr("job.sh:2:9: warning W51: import: ")) << option;
  }
}

TEST(ImportSlurm, what_can_not_change_results_is_W50) {
  for (const char* option : {"--requeue", "--mail-type=END", "--comment=x", "--switches=1", "-m block"})
    EXPECT_THAT(directive(option).messages, HasSubstr("warning W50: import: ")) << option;
  EXPECT_EQ(directive("--parsable -Q").messages, "");
}

TEST(ImportSlurm, what_is_asked_of_slurm_is_asked_for_the_one_allocation) {
  Driver driver;
  driver.submit({"-A", "p1", "-p", "main", "-t", "60"}).submit({"-A", "p2", "-p", "main", "-t", "2:00:00"});
  const Imported imported = driver.import();
  const SlurmKeys& slurm = imported.workflow->slurm;
  EXPECT_EQ(slurm.account->raw, "p1");
  EXPECT_EQ(slurm.partition->raw, "main");
  EXPECT_GT(slurm.time.value, std::chrono::hours(2)) << "with what is kept for the end";
  EXPECT_THAT(imported.messages,
              HasSubstr("job 2: warning W51: import: --account=p2 left out; the one allocation has that of job 1, p1"));
  EXPECT_THAT(imported.messages, Not(HasSubstr("partition")));
}

TEST(ImportSlurm, priorities_keep_their_order) {
  EXPECT_EQ(directive("--nice=50").task("1").priority, -50);
  Driver driver;
  driver.submit({"--priority=100000"}).submit({"--priority=7"}).submit({});
  const Imported ranked = driver.import();
  EXPECT_THAT(ranked.messages, HasSubstr("W51: import: priorities mapped to -1000..1000 keeping their order"));
  EXPECT_GT(ranked.task("1").priority, ranked.task("2").priority);
  EXPECT_GT(ranked.task("2").priority, ranked.task("3").priority);
}

TEST(ImportSlurm, a_signal_is_for_its_checkpoint) {
  const Imported imported = directive("--signal=B:USR1@300");
  EXPECT_EQ(imported.task("1").restart.signal, 10);
  EXPECT_THAT(imported.messages, HasSubstr("W51: import: --signal"));
}

TEST(ImportSlurm, the_script_is_started_as_it_was_with_its_arguments_and_variables) {
  Driver driver;
  driver.submit({"-n", "2", "--export=ALL,A=b c"}, "echo 'it''s' ${{ x }}\n");
  driver.calls[0].words.push_back("an arg");
  driver.calls[0].set = {{"MEMBER", "7"}};
  driver.calls[0].unset = {"GONE"};
  const Imported imported = driver.import();
  ASSERT_TRUE(imported.graph) << imported.messages;
  const graph::Task& task = imported.task("1");
  EXPECT_THAT(task.env, ElementsAre(std::pair<std::string, std::string>("MEMBER", "7")));
  const std::string& text = task.shell.back();
  EXPECT_THAT(text, HasSubstr("unset GONE\n"));
  EXPECT_THAT(text, HasSubstr("export A='b c'\n"));
  EXPECT_THAT(text, HasSubstr("SLURM_NTASKS=2"));
  EXPECT_THAT(text, HasSubstr("${{ x }}"));
  EXPECT_THAT(text, HasSubstr("exec /bin/bash \"$FUGLE_SCRATCH/slurm_script\" 'an arg'\n"));
}

TEST(ImportSlurm, patterns_name_files_as_in_slurm) {
  SbatchCall call;
  call.user = "ann";
  SbatchJob job;
  job.name = "my job";
  EXPECT_EQ(pattern_word("a%5j_%%_%x.%u", call, job), "a\"$(printf %05d $SLURM_JOB_ID)\"'_%_my job.ann'");
  EXPECT_EQ(pattern_word("%N-%a", call, job), "\"$SLURMD_NODENAME\"-\"4294967294\"");
  EXPECT_EQ(pattern_word("a\\%j", call, job), "a%j");
  EXPECT_EQ(pattern_word("100%", call, job), "100%");
}

TEST(ImportSlurm, no_job_at_all_is_refused) {
  EXPECT_THAT(Driver().import().messages, HasSubstr("E105: no job was recorded"));
}

}  // namespace
}  // namespace fugle::workflow
