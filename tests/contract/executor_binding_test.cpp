// What an executor of real processes promises about places: bound before the program starts, read back afterwards. On
// the processors of this machine; with one alone nothing can be told apart, and the tests are skipped.
#include <sched.h>

#include <algorithm>

#include "topology/topology.hpp"
#include "unit/executor/executor_fixture.hpp"

namespace fugle::executor {
namespace {

using testing::HasSubstr;

std::vector<std::uint32_t> usable_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  ::sched_getaffinity(0, sizeof set, &set);
  std::vector<std::uint32_t> cpus;
  for (std::uint32_t cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  return cpus;
}

class ExecutorBinding : public ExecutorTest {
 protected:
  void SetUp() override {
    const auto cpus = usable_cpus();
    if (cpus.size() < 2) GTEST_SKIP() << "this needs two processors";
    one_ = cpus[cpus.size() - 2];
    other_ = cpus.back();
    both_ = topology::list_text({one_, other_});
  }
  /// Runs a script bound to these CPUs.
  AttemptReport run_on(const std::vector<std::uint32_t>& cpus, const std::string& script, std::uint32_t element = 0) {
    scheduler::Launch launch = shell(script, element).launch();
    launch.place.cpus = cpus;
    launch.place.numa_nodes = numa_nodes_;
    executor_->start(launch);
    return ended();
  }
  [[nodiscard]] std::string wanted_and_found(const std::string& wanted, const std::string& found) const {
    return "bound to cpus " + wanted + ", but it ran on " + found + " (its command changes the binding)";
  }

  std::uint32_t one_ = 0, other_ = 0;
  std::string both_;
  std::vector<std::uint32_t> numa_nodes_;
};

constexpr const char* kPrintCpus = "grep Cpus_allowed_list /proc/self/status | cut -f2";

TEST_F(ExecutorBinding, an_attempt_runs_on_the_cpus_of_its_place) {
  EXPECT_EQ(run_on({one_}, kPrintCpus, 1).reason, "");
  EXPECT_EQ(output(shell("", 1)), std::to_string(one_) + "\n");
  EXPECT_EQ(run_on({other_}, kPrintCpus, 2).reason, "");
  EXPECT_EQ(output(shell("", 2)), std::to_string(other_) + "\n");
  EXPECT_EQ(run_on({one_, other_}, kPrintCpus, 3).reason, "");
  EXPECT_EQ(output(shell("", 3)), both_ + "\n");
}

TEST_F(ExecutorBinding, an_attempt_without_a_place_is_not_bound) {
  EXPECT_EQ(run_on({}, kPrintCpus).reason, "");
  EXPECT_EQ(output(shell("")), topology::list_text(usable_cpus()) + "\n");
}

TEST_F(ExecutorBinding, a_follower_is_bound_to_its_own_place) {
  scheduler::Launch first = shell("sleep 600", 1).launch();
  first.place.cpus = {one_};
  scheduler::Launch second = shell(kPrintCpus, 2).launch();
  second.place.cpus = {other_};
  executor_->start(first);
  executor_->start_after(second, ElementId(1));
  executor_->stop(ElementId(1), scheduler::StopReason::cancelled);
  EXPECT_EQ(ended().cls, FailureClass::cancelled);
  EXPECT_EQ(ended().cls, FailureClass::none);
  EXPECT_EQ(output(shell("", 2)), std::to_string(other_) + "\n");
}

TEST_F(ExecutorBinding, memory_is_preferred_where_the_place_says_and_never_refused) {
  numa_nodes_ = {0};
  EXPECT_EQ(run_on({one_}, "grep -o '^[0-9a-f]* [a-z]*' /proc/self/numa_maps | head -1 | cut -d' ' -f2").reason, "");
  EXPECT_THAT(output(shell("")), HasSubstr("prefer")) << "and not bind";
}

TEST_F(ExecutorBinding, a_command_that_changes_it_is_told_with_wanted_and_found) {
  const AttemptReport report = run_on({one_, other_}, "exec taskset -c " + std::to_string(other_) + " true");
  EXPECT_EQ(report.cls, FailureClass::none) << "it is no failure";
  EXPECT_EQ(report.exit, 0);
  EXPECT_EQ(report.reason, wanted_and_found(both_, std::to_string(other_)));
}

TEST_F(ExecutorBinding, a_command_that_leaves_its_place_is_told) {
  EXPECT_EQ(run_on({one_}, "taskset -pc " + both_ + " $$").reason, wanted_and_found(std::to_string(one_), both_));
}

TEST_F(ExecutorBinding, a_wrapper_inside_a_script_is_seen_while_it_runs) {
  EXPECT_EQ(run_on({one_, other_}, "taskset -c " + std::to_string(one_) + " sleep 0.7; true").reason,
            wanted_and_found(both_, std::to_string(one_)));
}

TEST_F(ExecutorBinding, processes_that_share_out_their_place_are_not_odd) {
  const auto ranks = [&](const std::string& last) {
    return "taskset -c " + std::to_string(one_) + " sleep 0.7 & taskset -c " + std::to_string(other_) + " sleep 0.7 &" +
           " wait; " + last;
  };
  EXPECT_EQ(run_on({one_, other_}, ranks("true"), 1).reason, "");
  EXPECT_EQ(run_on({one_, other_}, ranks("taskset -pc " + std::to_string(one_) + " $$"), 2).reason, "");
}

TEST_F(ExecutorBinding, what_cannot_be_bound_runs_and_says_so) {
  const AttemptReport report = run_on({5000}, "true");
  EXPECT_EQ(report.cls, FailureClass::none);
  EXPECT_EQ(report.reason, "could not be bound to cpus 5000 (Invalid argument) and ran without");
}

TEST_F(ExecutorBinding, a_failure_keeps_its_own_reason) {
  EXPECT_EQ(run_on({one_, other_}, "taskset -pc " + std::to_string(one_) + " $$; exit 3").reason, "exit code 3");
}

TEST_F(ExecutorBinding, an_attempt_sees_the_gpus_of_its_place) {
  ExecutorOptions options{WorkerId(3), "run-1", folder_.path(), {"PATH=/usr/bin:/bin", "CUDA_VISIBLE_DEVICES=0,1,2"}};
  for (std::uint32_t i = 0; i < 3; ++i) options.gpus.push_back({"", "nvidia", i, 0, 0, std::to_string(i)});
  executor_.reset();
  spawner_.reset();
  spawner_.emplace(FUGLE_SPAWNER_PROGRAM);
  executor_.emplace(*spawner_, std::move(options));
  const std::string script = "echo \"$FUGLE_GPUS <$CUDA_VISIBLE_DEVICES>\"";
  scheduler::Launch with = shell(script, 1).launch();
  with.granted.gpus = 2;
  with.place.gpus = {2, 0};
  executor_->start(with);
  executor_->start(shell(script, 2).launch());
  ended();
  ended();
  EXPECT_EQ(output(shell("", 1)), "2 <2,0>\n");
  EXPECT_EQ(output(shell("", 2)), "0 <>\n");
}

}  // namespace
}  // namespace fugle::executor
