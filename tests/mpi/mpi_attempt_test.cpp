// MPI attempts on one node: the real executor, its spawner, the mpirun that is installed, a program of Open MPI.
#include <sched.h>

#include <algorithm>
#include <regex>

#include "transport/debris.hpp"
#include "unit/executor/executor_fixture.hpp"

namespace fugle::executor {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::vector<std::uint32_t> own_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  ::sched_getaffinity(0, sizeof set, &set);
  std::vector<std::uint32_t> cpus;
  for (std::uint32_t i = 0; i < CPU_SETSIZE; ++i)
    if (CPU_ISSET(i, &set)) cpus.push_back(i);
  return cpus;
}

std::string own_host() {
  char name[256] = "";
  ::gethostname(name, sizeof name - 1);
  return name;
}

class MpiAttempt : public ExecutorTest {
 protected:
  MpiAttempt() {
    ExecutorOptions chosen =
        options({"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/nowhere", "TMPDIR=" + folder_.path()});
    chosen.remove_mpi_debris = [](const std::string& temporary) {
      transport::remove_debris({.temporary = temporary, .youngest_s = 0});
    };
    restart(std::move(chosen));
  }

  /// On a stand-in machine, of whose cores it has `cores_per_rank` for each rank from `first_cpu` on.
  [[nodiscard]] scheduler::Launch launch(Job job, std::uint32_t ranks, std::uint32_t first_cpu = 0,
                                         std::uint32_t cores_per_rank = 1) const {
    job.task.shape.ranks = ranks;
    job.task.shape.cores_per_rank = cores_per_rank;
    scheduler::Launch launch = job.launch();
    launch.granted.cores = ranks * cores_per_rank;
    launch.place.is_real = false;
    for (std::uint32_t i = 0; i < ranks * cores_per_rank; ++i) launch.place.cpus.push_back(first_cpu + i);
    return launch;
  }
  [[nodiscard]] Job ranks(std::vector<std::string> words, std::uint32_t element = 0) const {
    words.insert(words.begin(), FUGLE_RANKS_PROGRAM);
    return program(std::move(words), element);
  }
  AttemptReport run_launch(const scheduler::Launch& launch) {
    executor_->start(launch);
    return ended();
  }
  /// What killed ranks left of Open MPI, segments of memory and directories, beside that of programs that live.
  [[nodiscard]] int debris() const { return transport::remove_debris({.temporary = folder_.path(), .youngest_s = 0}); }
};

TEST_F(MpiAttempt, starts_a_list_of_words_on_every_rank_with_cores_of_its_own) {
  const Job job = ranks({});
  const AttemptReport report = run_launch(launch(job, 2, 4, 2));
  EXPECT_EQ(report.cls, FailureClass::none) << report.reason << output(job);
  EXPECT_EQ(report.reason, "");
  EXPECT_THAT(output(job), AllOf(HasSubstr("rank 0 of 2"), HasSubstr("rank 1 of 2"), HasSubstr("cpus 4-5"),
                                 HasSubstr("cpus 6-7"), HasSubstr("threads 2"), HasSubstr("sum 1")));
}

TEST_F(MpiAttempt, binds_each_rank_to_its_part_of_the_place) {
  const std::vector<std::uint32_t> cpus = own_cpus();
  if (cpus.size() < 2) GTEST_SKIP() << "this machine has one cpu";
  const Job job = ranks({});
  scheduler::Launch two = launch(job, 2);
  two.place = {{cpus[1], cpus[0]}, {}, {}, true};
  const AttemptReport report = run_launch(two);
  EXPECT_EQ(report.reason, "") << output(job);
  EXPECT_THAT(output(job), testing::ContainsRegex("rank 0 of 2 .* bound " + std::to_string(cpus[1]) + " "));
  EXPECT_THAT(output(job), testing::ContainsRegex("rank 1 of 2 .* bound " + std::to_string(cpus[0]) + " "));
}

TEST_F(MpiAttempt, gives_a_script_the_words_of_the_launcher) {
  Job job = shell("echo before; " + graph::fill_slots("", {}) + "\x1FL0\x1F " + FUGLE_RANKS_PROGRAM +
                  "; cat $FUGLE_HOSTFILE");
  const AttemptReport report = run_launch(launch(job, 2));
  EXPECT_EQ(report.reason, "") << output(job);
  EXPECT_THAT(output(job), AllOf(HasSubstr("before\n"), HasSubstr("rank 0 of 2"), HasSubstr("rank 1 of 2"),
                                 HasSubstr(own_host() + " slots=2\n")));
}

/// Those of mpirun itself are of its own session; what is set where it is called is what is ours.
TEST_F(MpiAttempt, calls_a_launcher_with_no_variable_of_ours_for_it) {
  Job job = program({"true"});
  job.task.launcher = "env";
  const AttemptReport report = run_launch(launch(job, 2));
  EXPECT_EQ(report.reason, "");
  Job script = shell("\x1FL0\x1F true", 1);
  script.task.launcher = "env";
  scheduler::Launch bound = launch(script, 1);
  bound.place = {own_cpus(), {}, {}, true};
  EXPECT_EQ(run_launch(bound).reason, "");
  for (const Job& each : {job, script}) EXPECT_THAT(output(each), Not(testing::ContainsRegex("(OMPI|PMIX|PMI|ORTE)_")));
}

TEST_F(MpiAttempt, holds_an_mpirun_that_a_script_calls_by_itself) {
  const std::vector<std::uint32_t> cpus = own_cpus();
  Job job = shell(std::string("mpirun --allow-run-as-root ") + FUGLE_RANKS_PROGRAM);
  scheduler::Launch bound = launch(job, 2);
  bound.place = {{cpus.back()}, {}, {}, true};
  EXPECT_EQ(run_launch(bound).reason, "") << output(job);
  const std::string text = output(job);
  EXPECT_THAT(text, HasSubstr("rank 1 of 2"));  // as many as the lease has, without being told
  const std::string where = "bound " + std::to_string(cpus.back()) + " ";
  EXPECT_THAT(text, testing::ContainsRegex("rank 0 of 2 .* " + where));
  EXPECT_THAT(text, testing::ContainsRegex("rank 1 of 2 .* " + where));
}

TEST_F(MpiAttempt, runs_several_on_one_node_at_a_time) {
  for (std::uint32_t i = 0; i < 4; ++i)
    executor_->start(
        launch(ranks({"touch", folder_ / ("here" + std::to_string(i)), "wait", folder_ / "go"}, i), 2, 2 * i));
  // All are there at once before any may end.
  for (const char* name : {"here0.0", "here0.1", "here1.0", "here2.1", "here3.0", "here3.1"})
    EXPECT_TRUE(becomes_true([&] { return std::filesystem::exists(folder_ / name); })) << name;
  write_text(folder_ / "go", "");
  std::string all;
  for (int i = 0; i < 4; ++i) EXPECT_EQ(ended().reason, "");
  for (std::uint32_t i = 0; i < 4; ++i) all += output(ranks({}, i));
  for (int cpu = 0; cpu < 8; ++cpu) EXPECT_THAT(all, HasSubstr("cpus " + std::to_string(cpu) + " "));
}

TEST_F(MpiAttempt, ends_with_the_code_of_an_abort) {
  const Job job = ranks({"abort", "42", "hang-others"});
  const AttemptReport report = run_launch(launch(job, 2));
  EXPECT_EQ(report.cls, FailureClass::error);
  EXPECT_EQ(report.exit, 42);
  EXPECT_EQ(debris(), 0);
}

TEST_F(MpiAttempt, ends_with_the_signal_of_a_rank) {
  const AttemptReport report = run_launch(launch(ranks({"segfault", "hang-others"}), 2));
  EXPECT_EQ(report.cls, FailureClass::signal);
  EXPECT_EQ(report.exit, -SIGSEGV);
  EXPECT_EQ(report.reason, "a rank was killed by SIGSEGV");
  EXPECT_EQ(debris(), 0);
}

TEST_F(MpiAttempt, that_hangs_ends_by_its_timeout_and_the_next_attempt_runs) {
  Job job = ranks({"touch", folder_ / "here", "hang"});
  job.task.timeout = std::chrono::seconds(3);
  const AttemptReport report = run_launch(launch(job, 2));
  EXPECT_EQ(report.cls, FailureClass::timeout) << report.reason;
  EXPECT_EQ(debris(), 0);
  Job next = ranks({});
  next.attempt = 2;
  EXPECT_EQ(run_launch(launch(next, 2)).reason, "");
}

TEST_F(MpiAttempt, leaves_nothing_when_it_is_killed_without_grace) {
  Job job = ranks({"touch", folder_ / "here", "hang"});
  job.task.grace = std::chrono::seconds(0);
  executor_->start(launch(job, 2));
  ASSERT_TRUE(becomes_true([&] { return std::filesystem::exists(folder_ / "here.1"); }));
  stop(job);
  EXPECT_EQ(ended().cls, FailureClass::cancelled);
  EXPECT_EQ(debris(), 0);
}

TEST_F(MpiAttempt, is_no_failure_of_the_task_when_no_rank_was_started) {
  write_text(folder_ / "mpirun", "#!/bin/sh\necho no daemon here; exit 7\n");
  std::filesystem::permissions(folder_ / "mpirun", std::filesystem::perms::owner_all);
  restart({"PATH=" + folder_.path() + ":/usr/bin:/bin", "TMPDIR=" + folder_.path()});
  const AttemptReport report = run_launch(launch(ranks({}), 2));
  EXPECT_EQ(report.cls, FailureClass::launch);
  EXPECT_THAT(report.reason, HasSubstr("its launcher ended with exit code 7 before any rank had started"));
}

TEST_F(MpiAttempt, of_a_program_that_is_not_there_is_an_error_of_the_task) {
  Job job = program({"./not-there"});
  const AttemptReport report = run_launch(launch(job, 2));
  EXPECT_EQ(report.cls, FailureClass::error);
  EXPECT_EQ(report.exit, 127) << output(job);
  EXPECT_THAT(output(job), HasSubstr("cannot start './not-there'"));
}

TEST_F(MpiAttempt, over_its_memory_is_ended_as_a_whole) {
  if (kIsSanitized) GTEST_SKIP() << "a sanitizer's own memory is over any limit";
  Job job = program(
      {"bash", "-c", "x=$(head -c 60000000 /dev/zero | tr '\\0' x); touch big.$OMPI_COMM_WORLD_RANK; sleep 60"});
  job.task.request.mem_bytes = 120 << 20;
  scheduler::Launch two = launch(job, 3);
  two.granted.mem_bytes = 120 << 20;
  const AttemptReport report = run_launch(two);
  EXPECT_EQ(report.cls, FailureClass::oom) << report.reason << output(job);
}

}  // namespace
}  // namespace fugle::executor
