// What a task sees and what is reported about it; time limits, kills and deaths are in process_end_test.cpp.
#include "executor/process_executor.hpp"

#include <filesystem>
#include <set>

#include "base/error.hpp"
#include "unit/executor/executor_fixture.hpp"

namespace fugle::executor {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

class ProcessExecutorTest : public ExecutorTest {};

TEST_F(ProcessExecutorTest, a_start_is_answered_by_started_and_ended) {
  start(shell("exit 0", 4));
  const AttemptReport started = next(AttemptReport::Kind::started);
  const AttemptReport ended = this->ended();
  EXPECT_EQ(started.element, ElementId(4));
  EXPECT_EQ(ended.element, ElementId(4));
  EXPECT_EQ(ended.cls, FailureClass::none);
  EXPECT_EQ(ended.start, started.start);
  EXPECT_GT(ended.end, ended.start);
  EXPECT_GT(ended.maxrss_kb, 0u);
  const auto age = std::chrono::system_clock::now() - ended.end;
  EXPECT_LT(age, std::chrono::minutes(1));
  EXPECT_GT(age, -std::chrono::minutes(1));
}

TEST_F(ProcessExecutorTest, exit_codes_and_signals_are_classified) {
  const AttemptReport failed = run(shell("exit 3"));
  EXPECT_EQ(failed.cls, FailureClass::error);
  EXPECT_EQ(failed.exit, 3);
  EXPECT_EQ(failed.reason, "exit code 3");
  const AttemptReport crashed = run(shell("kill -SEGV $$"));
  EXPECT_EQ(crashed.cls, FailureClass::signal);
  EXPECT_EQ(crashed.exit, -SIGSEGV);
}

TEST_F(ProcessExecutorTest, processor_time_of_descendants_counts) {
  const AttemptReport report = run(shell("bash -c 'for ((i = 0; i < 100000; ++i)); do :; done'; true"));
  EXPECT_GT(report.cpu_ms, 20u);
}

TEST_F(ProcessExecutorTest, a_flaky_task_is_good_at_its_third_attempt_with_a_log_for_each) {
  Job job = shell("echo try $FUGLE_ATTEMPT; n=$(cat count 2>/dev/null || echo 0); echo $((n + 1)) > count; ((n >= 2))");
  std::vector<FailureClass> classes;
  for (job.attempt = 1; job.attempt <= 3; ++job.attempt) classes.push_back(run(job).cls);
  EXPECT_THAT(classes, testing::ElementsAre(FailureClass::error, FailureClass::error, FailureClass::none));
  for (job.attempt = 1; job.attempt <= 3; ++job.attempt)
    EXPECT_EQ(output(job), "try " + std::to_string(job.attempt) + "\n");
}

TEST_F(ProcessExecutorTest, both_streams_are_in_the_log_in_order_and_standard_input_is_empty) {
  EXPECT_EQ(output_of(shell("echo out; echo err >&2; cat; printf end")), "out\nerr\nend");
}

TEST_F(ProcessExecutorTest, a_task_sees_its_directory_and_environment_and_nothing_of_a_launcher) {
  restart(scrub_environment({"PATH=/usr/bin:/bin", "HOME=/home/me", "PMIX_RANK=0", "OMPI_COMM_WORLD_SIZE=4"}));
  Job job = program({"env"});
  job.task.env = {{"HOME", "/replaced"}};
  job.index = 9;
  const std::string environment = output_of(job);
  for (const char* entry : {"FUGLE_RUN_ID=run-1\n", "FUGLE_TASK=job\n", "FUGLE_ELEMENT=job[0]\n", "FUGLE_ATTEMPT=1\n",
                            "FUGLE_INDEX=9\n", "FUGLE_CORES=2\n", "FUGLE_MEM=1048576\n", "HOME=/replaced\n"})
    EXPECT_THAT(environment, HasSubstr(entry));
  for (const char* name : {"PMIX_", "OMPI_", "HOME=/home/me"}) EXPECT_THAT(environment, Not(HasSubstr(name)));
  EXPECT_EQ(output_of(program({"pwd"}, 1)), fs::canonical(folder_.path()).string() + "\n");
}

TEST_F(ProcessExecutorTest, a_child_holds_no_descriptor_but_its_three) {
  start(shell("sleep 0.2", 1));
  EXPECT_EQ(output_of(shell("exec ls /proc/self/fd")), "0\n1\n2\n3\n");  // 3: the directory ls reads
  ended();
}

TEST_F(ProcessExecutorTest, a_child_leads_its_own_group_with_default_signals) {
  const std::string status = output_of(shell("ps -o pgid= -p $$ | tr -d ' '; echo $$"));
  const std::string group = status.substr(0, status.find('\n') + 1);
  EXPECT_EQ(status, group + group);
  EXPECT_THAT(output_of(program({"grep", "-E", "Sig(Blk|Ign)", "/proc/self/status"}, 1)),
              HasSubstr("SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000"));
}

TEST_F(ProcessExecutorTest, programs_are_found_through_the_path_of_the_task) {
  fs::create_directories(folder_ / "bin");
  write_text(folder_ / "bin/mine", "#!/bin/sh\necho found $1\n");
  fs::permissions(folder_ / "bin/mine", fs::perms::owner_all);
  Job job = program({"mine", "it"});
  job.task.env = {{"PATH", "/nowhere:" + (folder_ / "bin")}};
  EXPECT_EQ(output_of(job), "found it\n");
}

TEST_F(ProcessExecutorTest, a_script_without_a_first_line_is_run_by_sh) {
  write_text(folder_ / "script", "echo got $2\n");
  fs::permissions(folder_ / "script", fs::perms::owner_all);
  EXPECT_EQ(output_of(program({"./script", "a", "b"})), "got b\n");
}

TEST_F(ProcessExecutorTest, a_program_that_is_absent_or_not_executable_is_an_error_of_the_task) {
  const AttemptReport absent = run(program({"no-such-program"}));
  EXPECT_EQ(absent.cls, FailureClass::error);
  EXPECT_EQ(absent.exit, 127);
  EXPECT_THAT(absent.reason, HasSubstr("'no-such-program'"));
  write_text(folder_ / "plain", "");
  const AttemptReport forbidden = run(program({"./plain"}));
  EXPECT_EQ(forbidden.exit, 126);
  EXPECT_THAT(forbidden.reason, HasSubstr("Permission denied"));
}

TEST_F(ProcessExecutorTest, a_missing_working_directory_is_setup) {
  Job job = shell("true");
  job.task.workdir = folder_ / "gone";  // one of an element's own is made
  const AttemptReport report = run(job);
  EXPECT_EQ(report.cls, FailureClass::setup);
  EXPECT_THAT(report.reason, HasSubstr(folder_ / "gone"));
}

TEST_F(ProcessExecutorTest, a_command_of_a_mebibyte_runs) {
  const std::string script = "true " + std::string(1 << 20, 'x') + "\necho done $0 | head -c 4";
  EXPECT_EQ(output_of(shell(script)), "done");
  std::vector<std::string> words = {"bash", "-c", "echo $#", "name"};
  for (int i = 0; i < 10; ++i) words.push_back(std::string(100'000, 'y'));
  EXPECT_EQ(output_of(program(words, 1)), "10\n");
}

TEST_F(ProcessExecutorTest, a_list_of_inputs_is_a_file_that_goes_away) {
  Job job = shell("cat $FUGLE_IN_many; echo $FUGLE_IN_many");
  job.task.input_names = {"many"};
  job.task.input_is_list = {true};
  job.text.inputs = {"a b\nc"};
  const std::string text = output_of(job);
  EXPECT_TRUE(text.starts_with("a b\nc\n/"));
  const std::string path = text.substr(6, text.size() - 7);
  EXPECT_FALSE(fs::exists(path));
}

TEST_F(ProcessExecutorTest, outputs_are_published_after_a_good_end_only) {
  Job job = shell("echo data > $FUGLE_OUT_h5; test ! -e out.h5");
  add_output(job, "h5", folder_ / "sub/out.h5");
  EXPECT_EQ(run(job).cls, FailureClass::none);
  EXPECT_EQ(read_text(folder_ / "sub/out.h5"), "data\n");

  Job failing = shell("echo half > $FUGLE_OUT_h5; exit 1");
  add_output(failing, "h5", folder_ / "bad.h5");
  EXPECT_EQ(run(failing).cls, FailureClass::error);
  EXPECT_FALSE(fs::exists(folder_ / "bad.h5"));
  EXPECT_EQ(read_text(folder_ / "bad.h5.failed-1"), "half\n");

  Job forgetful = shell("true");
  add_output(forgetful, "h5", folder_ / "none.h5");
  const AttemptReport report = run(forgetful);
  EXPECT_EQ(report.cls, FailureClass::output);
  EXPECT_THAT(report.reason, HasSubstr("output 'h5' (" + (folder_ / "none.h5") + ") is missing"));
}

TEST_F(ProcessExecutorTest, slots_of_the_command_name_the_staged_output) {
  Job job = shell("echo 1 > " + graph::output_slot(0, true));
  add_output(job, "o", folder_ / "with blank");
  EXPECT_EQ(run(job).reason, "");
  EXPECT_EQ(read_text(folder_ / "with blank"), "1\n");
}

TEST_F(ProcessExecutorTest, an_output_directory_that_can_not_be_made_fails_the_attempt_at_once) {
  write_text(folder_ / "file", "");
  Job job = shell("true");
  add_output(job, "o", folder_ / "file/o");
  EXPECT_EQ(run(job).cls, FailureClass::output);
  EXPECT_TRUE(reports_.empty());
}

TEST_F(ProcessExecutorTest, a_flood_of_output_is_kept_whole_and_starves_nobody) {
  const Job flood = shell("head -c 30000000 /dev/zero | tr '\\0' 'x'", 1);
  start(flood);
  for (std::uint32_t i = 2; i < 12; ++i) start(shell("echo quick", i));
  for (int i = 0; i < 11; ++i) EXPECT_EQ(ended().cls, FailureClass::none);
  std::uint64_t bytes = 0;
  for (const LogChunk& chunk : find_chunks(folder_.path(), ElementId(1), 1)) bytes += chunk.length;
  EXPECT_EQ(bytes, 30'000'000u);
  EXPECT_EQ(output(shell("", 7)), "quick\n");
}

TEST_F(ProcessExecutorTest, a_thousand_quick_tasks_end_once_each_with_their_own_output) {
  constexpr std::uint32_t kCount = 1000;
  constexpr std::uint32_t kInFlight = 8;
  std::set<std::uint32_t> seen;
  for (std::uint32_t next_element = 0; seen.size() < kCount;) {
    for (; next_element < kCount && next_element - seen.size() < kInFlight; ++next_element) {
      start(program({"/bin/echo", std::to_string(next_element)}, next_element));
    }
    const AttemptReport report = ended();
    ASSERT_EQ(report.cls, FailureClass::none) << report.reason;
    ASSERT_TRUE(seen.insert(report.element.value()).second);
  }
  std::map<std::uint32_t, std::string> outputs;
  for (const LogChunk& chunk : find_chunks(folder_.path(), ElementId(), 0))
    outputs[chunk.element.value()] += read_chunk(folder_.path(), chunk);
  for (std::uint32_t i = 0; i < kCount; ++i) ASSERT_EQ(outputs[i], std::to_string(i) + "\n");
}

TEST_F(ProcessExecutorTest, logs_go_on_after_those_of_an_earlier_life) {
  EXPECT_EQ(output_of(shell("echo one", 1)), "one\n");
  restart({"PATH=/usr/bin:/bin"});
  EXPECT_EQ(output_of(shell("echo two", 2)), "two\n");
  EXPECT_EQ(output(shell("", 1)), "one\n");
}

TEST_F(ProcessExecutorTest, a_run_directory_that_can_not_hold_logs_is_refused) {
  write_text(folder_ / "file", "");
  Spawner spawner(FUGLE_SPAWNER_PROGRAM);
  EXPECT_THROW(ProcessExecutor(spawner, {WorkerId(0), "r", folder_ / "file", {}}), EnvironmentError);
  EXPECT_THROW(Spawner("/no/such/spawner"), EnvironmentError);
}

}  // namespace
}  // namespace fugle::executor
