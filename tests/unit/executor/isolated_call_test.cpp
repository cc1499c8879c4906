// Functions of a plugin in standing child processes: what holds for processes holds for them, and one process serves
// many calls.
#include "executor/isolated_call.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "executor_fixture.hpp"

namespace fugle::executor {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

TEST(IsolatedCall, a_relative_library_lies_where_the_attempt_works) {
  EXPECT_EQ(absolute_function("./libx.so:f", "/w"), "/w/./libx.so:f");
  EXPECT_EQ(absolute_function("lib/x.so:f", "/w"), "/w/lib/x.so:f");
  EXPECT_EQ(absolute_function("/lib/x.so:f", "/w"), "/lib/x.so:f");
  EXPECT_EQ(absolute_function("libx.so:f", "/w"), "libx.so:f");
}

TEST(CallMessage, comes_back_as_it_was) {
  CallMessage call;
  call.function = "libx.so:f";
  call.arguments = std::string("{\"a\": \0}", 8);
  call.inputs = {{"in", "/a\n/b"}};
  call.outputs = {{"out", "/c"}};
  call.results = {"", std::string(100'000, '\0')};
  call.environment = {"A=1"};
  call.cpus = {0, 5};
  call.gpus = {1};
  call.worker = 7;
  const std::string bytes = encode(call);
  const std::string_view body = std::string_view(bytes).substr(wire::FrameWriter::kHeaderBytes);
  EXPECT_EQ(decode_call(body), call);
  for (std::size_t cut = 0; cut < body.size(); cut += cut < 200 ? 1 : 9973)
    EXPECT_FALSE(decode_call(body.substr(0, cut))) << cut;
}

class IsolatedCallTest : public ExecutorTest {
 protected:
  IsolatedCallTest() { restart(call_options()); }

  ExecutorOptions call_options() {
    ExecutorOptions made = options();
    made.plugin_host = FUGLE_PLUGIN_HOST_PROGRAM;
    made.results_before = [this](const scheduler::Launch&) { return results_before_; };
    made.keep_result = [this](ElementId element, std::uint16_t, std::string result) {
      results_[element.value()] = std::move(result);
    };
    return made;
  }

  [[nodiscard]] Job function(const std::string& name, const std::string& arguments = "{}",
                             std::uint32_t element = 0) const {
    Job job;
    job.task.name = "call";
    job.task.kind = graph::TaskKind::function;
    job.task.function = std::string(FUGLE_TEST_PLUGINS) + "/libsample.so:" + name;
    job.task.grace = std::chrono::seconds(20);
    job.text.workdir = folder_.path();
    job.text.arguments = arguments;
    job.element = element;
    return job;
  }
  std::string result_of(const Job& job) {
    EXPECT_EQ(run(job).reason, "");
    return results_[job.element];
  }
  /// "NUMBER PID": how often that process was called.
  std::pair<int, pid_t> count(std::uint32_t element = 0) {
    const std::string text = result_of(function("count", "{}", element));
    const std::size_t blank = text.find(' ');
    return {std::stoi(text), static_cast<pid_t>(std::stol(text.substr(blank)))};
  }
  void wait_for_output(const Job& job, const std::string& words) {
    EXPECT_TRUE(becomes_true([&] {
      executor_->poll(reports_);
      return output(job).find(words) != std::string::npos;
    })) << words;
  }

  std::map<std::uint32_t, std::string> results_;
  std::vector<std::string> results_before_;
};

TEST_F(IsolatedCallTest, a_function_is_given_its_call_and_its_result_is_kept) {
  results_before_ = {"of a", std::string(300'000, 'r')};
  Job job = function("tell", R"({"grid": 0.1})", 5);
  job.index = 2;
  job.attempt = 3;
  job.task.input_names = {"table"};
  job.task.input_is_list = {false};
  job.text.inputs = {"/data/t.csv"};
  EXPECT_EQ(result_of(job), "run-1 call call[5] 3 2\n{\"grid\": 0.1}\nresult of a\nresult " + results_before_[1] +
                                "\ninput table=/data/t.csv\ncores 2 cpus 0 rank 0/1\n");
}

TEST_F(IsolatedCallTest, one_process_serves_call_after_call) {
  const auto [first, pid] = count();
  EXPECT_EQ(first, 1);
  for (int i = 2; i < 30; ++i) EXPECT_EQ(count(), (std::pair{i, pid}));
  EXPECT_NE(pid, ::getpid());
}

TEST_F(IsolatedCallTest, calls_at_the_same_time_have_processes_of_their_own) {
  const std::string gate = folder_ / "gate";
  const Job waiting = function("wait_for_file", R"({"file": ")" + gate + "\"}", 1);
  start(waiting);
  wait_for_output(waiting, "waits");
  EXPECT_EQ(count(2).first, 1);
  EXPECT_EQ(count(3).first, 2);
  write_text(gate, "");
  EXPECT_EQ(ended().reason, "");
}

TEST_F(IsolatedCallTest, what_it_prints_is_in_the_log_of_its_attempt) {
  const Job first = function("speak", "{}", 1);
  const Job second = function("speak", "{}", 2);
  run(first);
  run(second);
  for (const Job& job : {first, second}) {
    EXPECT_THAT(output(job), HasSubstr("printed by call[" + std::to_string(job.element) + "]"));
    EXPECT_THAT(output(job), HasSubstr("errors too"));
    EXPECT_THAT(output(job), HasSubstr("logged"));
  }
  EXPECT_THAT(output(second), testing::Not(HasSubstr("call[1]")));
}

TEST_F(IsolatedCallTest, outputs_get_their_names_when_it_has_ended_well) {
  Job job = function("write_output", R"({"text": "done"})");
  add_output(job, "out", folder_ / "sub/out.txt");
  EXPECT_EQ(run(job).reason, "");
  EXPECT_EQ(read_text(folder_ / "sub/out.txt"), "done");
}

TEST_F(IsolatedCallTest, an_error_is_told_and_the_process_goes_on) {
  const pid_t pid = count().second;
  AttemptReport report = run(function("fail", R"({"code": 7})"));
  EXPECT_EQ(report.cls, FailureClass::error);
  EXPECT_EQ(report.exit, 7);
  EXPECT_EQ(report.reason, "it is to fail");
  EXPECT_EQ(run(function("throw_error")).reason, "thrown in the plugin");
  EXPECT_EQ(count(), (std::pair{2, pid}));
}

TEST_F(IsolatedCallTest, a_crash_costs_one_attempt) {
  const pid_t pid = count().second;
  const AttemptReport report = run(function("crash"));
  EXPECT_EQ(report.cls, FailureClass::signal);
  EXPECT_EQ(report.exit, -SIGSEGV);
  EXPECT_EQ(report.reason, "killed by SIGSEGV");
  const auto [number, next_pid] = count();
  EXPECT_EQ(number, 1);
  EXPECT_NE(next_pid, pid);
  EXPECT_FALSE(executor_->is_broken());
}

TEST_F(IsolatedCallTest, a_function_that_ends_its_process_has_failed) {
  AttemptReport report = run(function("leave", R"({"code": 0})"));
  EXPECT_EQ(report.cls, FailureClass::error);
  EXPECT_THAT(report.reason, HasSubstr("its function ended the process with exit code 0"));
  report = run(function("leave", R"({"code": 4})"));
  EXPECT_EQ(report.exit, 4);
  EXPECT_EQ(count().first, 1);
}

TEST_F(IsolatedCallTest, a_function_may_heed_its_timeout) {
  Job job = function("wait_for_stop");
  job.task.timeout = std::chrono::milliseconds(300);
  const AttemptReport report = run(job);
  EXPECT_EQ(report.cls, FailureClass::timeout);
  EXPECT_THAT(output(job), HasSubstr("was told to stop"));
  EXPECT_EQ(count().first, 1);
}

TEST_F(IsolatedCallTest, a_function_that_does_not_is_killed_after_its_grace) {
  const pid_t pid = count().second;
  Job job = function("hang");
  job.task.timeout = std::chrono::milliseconds(100);
  job.task.grace = std::chrono::milliseconds(100);
  EXPECT_EQ(run(job).cls, FailureClass::timeout);
  EXPECT_FALSE(is_alive(pid));
  EXPECT_EQ(count().first, 1);
}

TEST_F(IsolatedCallTest, a_stopped_call_is_cancelled) {
  const Job job = function("wait_for_stop", "{}", 4);
  start(job);
  wait_for_output(job, "waits");
  stop(job);
  EXPECT_EQ(ended().cls, FailureClass::cancelled);
  EXPECT_EQ(count().first, 1);
}

TEST_F(IsolatedCallTest, one_that_needs_too_much_memory_is_killed) {
  Job job = function("allocate", R"({"bytes": 200000000})");
  job.task.request.mem_bytes = 100 << 20;
  const AttemptReport report = run(job);
  EXPECT_EQ(report.cls, FailureClass::oom);
  EXPECT_THAT(report.reason, HasSubstr("raise 'resources.mem'"));
}

TEST_F(IsolatedCallTest, children_it_leaves_behind_are_killed) {
  const std::string pids = result_of(function("leave_child"));
  EXPECT_TRUE(becomes_true([&] { return !is_alive(static_cast<pid_t>(std::stol(pids))); }));
  EXPECT_FALSE(is_alive(static_cast<pid_t>(std::stol(pids.substr(pids.find(' '))))));
  EXPECT_EQ(count().first, 1);
}

TEST_F(IsolatedCallTest, each_call_has_the_variables_of_its_attempt) {
  const std::string names = R"({"names": ["FUGLE_ELEMENT", "FUGLE_SCRATCH", "COLOR", "PATH"]})";
  Job job = function("variables", names, 1);
  job.task.env_names = {"COLOR"};
  job.text.env = {"red"};
  job.task.has_scratch = true;
  const std::string first = result_of(job);
  EXPECT_THAT(first, HasSubstr("FUGLE_ELEMENT=call[1]\n"));
  EXPECT_THAT(first, HasSubstr("COLOR=red\nPATH=/usr/bin:/bin\n"));
  EXPECT_THAT(first, testing::Not(HasSubstr("FUGLE_SCRATCH=(unset)")));
  EXPECT_EQ(result_of(function("variables", names, 2)),
            "FUGLE_ELEMENT=call[2]\nFUGLE_SCRATCH=(unset)\nCOLOR=(unset)\nPATH=/usr/bin:/bin\n");
}

TEST_F(IsolatedCallTest, a_process_moves_to_the_place_and_directory_of_each_call) {
  const std::string all = result_of(function("surroundings"));
  ASSERT_TRUE(std::filesystem::create_directory(folder_ / "other"));
  Job job = function("surroundings");
  job.text.workdir = folder_ / "other";
  scheduler::Launch launch = job.launch();
  launch.place.cpus = {static_cast<std::uint32_t>(std::stoul(all))};
  executor_->start(launch);
  EXPECT_EQ(ended().reason, "");
  const std::string cpu = std::to_string(launch.place.cpus.front()) + ",";
  EXPECT_EQ(results_[0], cpu + " " + cpu + " " + (folder_ / "other"));
  EXPECT_EQ(result_of(function("surroundings")), all);
}

TEST_F(IsolatedCallTest, what_is_read_once_by_a_process_keeps_it_for_its_kind_of_call) {
  EXPECT_EQ(count().first, 1);
  Job other = function("count");
  other.task.env = {{"OMP_NUM_THREADS", "1"}};
  EXPECT_THAT(result_of(other), StartsWith("1 "));
  EXPECT_THAT(result_of(other), StartsWith("2 "));
}

TEST_F(IsolatedCallTest, what_can_not_be_called_is_told) {
  Job job = function("count");
  job.task.function = std::string(FUGLE_TEST_PLUGINS) + "/libother_abi.so:f";
  AttemptReport report = run(job);
  EXPECT_EQ(report.cls, FailureClass::setup);
  EXPECT_THAT(report.reason, HasSubstr("has ABI 2, this build 1"));
  job = function("count");
  job.text.workdir = "/proc/nowhere";
  report = run(job);
  EXPECT_EQ(report.cls, FailureClass::setup);
  EXPECT_THAT(report.reason, HasSubstr("cannot enter working directory '/proc/nowhere'"));
}

TEST_F(IsolatedCallTest, follows_in_the_place_of_another_and_so_do_processes) {
  const std::string gate = folder_ / "gate";
  const Job waiting = function("wait_for_file", R"({"file": ")" + gate + "\"}", 1);
  const Job process = shell("echo second", 2);
  start(waiting);
  executor_->start_after(process.launch(), ElementId(1));
  wait_for_output(waiting, "waits");
  EXPECT_EQ(output(process), "");
  write_text(gate, "");
  EXPECT_EQ(ended().element, ElementId(1));
  EXPECT_EQ(ended().element, ElementId(2));

  const Job script = shell("while [ ! -e gate2 ]; do sleep 0.01; done", 3);
  start(script);
  executor_->start_after(function("count", "{}", 4).launch(), ElementId(3));
  write_text(folder_ / "gate2", "");
  EXPECT_EQ(ended().element, ElementId(3));
  EXPECT_EQ(ended().element, ElementId(4));
  EXPECT_THAT(results_[4], StartsWith("1 "));
}

TEST_F(IsolatedCallTest, a_cleanup_follows_and_the_process_goes_on) {
  Job job = function("fail");
  job.task.has_cleanup = true;
  job.task.shell = {"bash", "-euo", "pipefail", "-c"};
  job.text.cleanup = "echo cleaned";
  const pid_t pid = count().second;
  EXPECT_EQ(run(job).reason, "it is to fail");
  EXPECT_THAT(output(job), HasSubstr("cleaned"));
  EXPECT_EQ(count(), (std::pair{2, pid}));
}

TEST_F(IsolatedCallTest, plugins_begin_and_finish_once_per_process) {
  const std::string book = folder_ / "book";
  ExecutorOptions made = call_options();
  made.environment.push_back("SAMPLE_PLUGIN_BOOK=" + book);
  restart(std::move(made));
  const pid_t pid = count().second;
  count();
  EXPECT_EQ(read_text(book), "init " + std::to_string(pid) + " 3\n");
  executor_.reset();
  spawner_.reset();
  EXPECT_EQ(read_text(book), "init " + std::to_string(pid) + " 3\nfinish " + std::to_string(pid) + " 3\n");
  EXPECT_FALSE(is_alive(pid));
}

TEST_F(IsolatedCallTest, standing_processes_die_with_the_rank) {
  const pid_t idle = count().second;
  const Job job = function("hang", "{}", 1);
  start(job);
  wait_for_output(job, "hangs");
  ::kill(spawner_->pid(), SIGKILL);
  EXPECT_EQ(ended().cls, FailureClass::lost);
  EXPECT_TRUE(becomes_true([&] { return !is_alive(idle); }));
}

TEST_F(IsolatedCallTest, an_idle_process_that_was_killed_is_replaced) {
  const pid_t pid = count().second;
  ::kill(pid, SIGKILL);
  EXPECT_TRUE(becomes_true([&] { return !is_alive(pid); }));
  EXPECT_EQ(count().first, 1);
}

TEST_F(IsolatedCallTest, no_more_processes_stand_by_than_there_are_cpus) {
  std::set<pid_t> pids;
  for (int i = 0; i < 40; ++i) {
    Job job = function("count");
    job.task.env = {{"KIND", std::to_string(i)}};
    const std::string text = result_of(job);
    pids.insert(static_cast<pid_t>(std::stol(text.substr(text.find(' ')))));
  }
  const auto most = static_cast<std::size_t>(::sysconf(_SC_NPROCESSORS_ONLN));
  EXPECT_TRUE(becomes_true([&] { return static_cast<std::size_t>(std::ranges::count_if(pids, is_alive)) <= most; }));
}

}  // namespace
}  // namespace fugle::executor
