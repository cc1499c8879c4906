// Metrics of real attempts, from the output of the program to the report.
#include "graph/measures.hpp"
#include "unit/executor/executor_fixture.hpp"

namespace fugle::executor {
namespace {

using Wanted = std::vector<graph::Series>;

class MetricsTest : public ExecutorTest {};

graph::Metric metric_of(const std::string& name, const std::string& regex) {
  graph::Metric metric;
  metric.name = name;
  metric.regex = regex;
  return metric;
}

TEST_F(MetricsTest, are_found_in_the_output_but_not_in_that_of_the_cleanup) {
  Job job = shell("echo energy -1.5; echo time 7; echo energy -2.5 >&2; printf 'energy -0.5'");
  job.task.metrics = {metric_of("energy", "energy (\\S+)"), metric_of("gone", "gone ([0-9])")};
  job.task.has_cleanup = true;
  job.text.cleanup = "echo energy 99";
  const AttemptReport report = run(job);
  EXPECT_EQ(report.cls, FailureClass::none);
  EXPECT_EQ(report.reason, "metric 'gone' was not found in its output");
  EXPECT_EQ(graph::decode_measures(report.measures), (Wanted{{0, 1, {-1.5, -2.5, -0.5}}, {1, 1, {}}}));
  EXPECT_EQ(output(job), "energy -1.5\ntime 7\nenergy -2.5\nenergy -0.5energy 99\n");
}

TEST_F(MetricsTest, are_found_in_output_that_the_log_does_not_keep) {
  ExecutorOptions bounded = options();
  bounded.max_log_bytes = 1000;
  restart(std::move(bounded));
  Job job = shell("dots() { head -c 300000 /dev/zero | tr '\\0' .; echo; }; dots; echo value 42; dots");
  job.task.metrics = {metric_of("value", "^value ([0-9]+)$")};
  EXPECT_EQ(graph::decode_measures(run(job).measures), (Wanted{{0, 1, {42}}}));
}

TEST_F(MetricsTest, outside_their_tolerance_fail_the_attempt_and_its_outputs_are_set_aside) {
  Job job = shell("echo speed 5; echo result > $FUGLE_OUT_h5");
  add_output(job, "h5", folder_ / "out.h5");
  graph::Metric metric = metric_of("speed", "speed ([0-9]+)");
  metric.unit = "m/s";
  metric.has_reference = true;
  metric.reference = 10;
  metric.lowest = -0.1;
  metric.highest = 0.1;
  job.task.metrics = {metric};
  const AttemptReport report = run(job);
  EXPECT_EQ(report.cls, FailureClass::performance);
  EXPECT_EQ(report.reason, "metric 'speed' is 5 m/s, wanted 9 to 11 m/s (reference 10 m/s)");
  EXPECT_EQ(graph::decode_measures(report.measures), (Wanted{{0, 1, {5}}}));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out.h5"));
}

TEST_F(MetricsTest, of_an_attempt_that_failed_are_not_told) {
  Job job = shell("echo speed 5; exit 3");
  job.task.metrics = {metric_of("speed", "speed ([0-9]+)")};
  const AttemptReport report = run(job);
  EXPECT_EQ(report.reason, "exit code 3");
  EXPECT_EQ(report.measures, "");
}

TEST_F(MetricsTest, belong_to_their_own_attempt_when_many_run) {
  for (std::uint32_t e = 0; e < 40; ++e) {
    Job job = shell("echo n " + std::to_string(e), e);
    if (e % 2 == 0) job.task.metrics = {metric_of("n", "n ([0-9]+)")};
    start(job);
  }
  for (int i = 0; i < 40; ++i) {
    const AttemptReport report = ended();
    const auto e = report.element.value();
    if (e % 2 == 1)
      EXPECT_EQ(report.measures, "");
    else
      EXPECT_EQ(graph::decode_measures(report.measures), (Wanted{{0, 1, {static_cast<double>(e)}}}));
  }
}

}  // namespace
}  // namespace fugle::executor
